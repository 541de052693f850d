using Flip.Randomness;
using static Flip.Data.Scenes.SceneWords;

namespace Flip.Data.Scenes;

/// <summary>Words scenes by a small grammar. Captions of a scene differ in order, synonyms and in how much they tell; all are true.</summary>
public static class SceneCaptions
{
    /// <summary>Captions of a scene.</summary>
    public const int Count = 5;

    /// <summary>Templates for zero-shot classification in the grammar's own words, <c>{c}</c> for the class name.</summary>
    public static IReadOnlyList<string> Templates { get; } =
        ["a {c}", "a picture of a {c}", "an image of a {c}", "there is a {c}"];

    /// <summary>Five captions. The first tells everything, the others a random part of it.</summary>
    /// <param name="scene">The scene.</param>
    /// <param name="random">Chooses the wording; it moves on.</param>
    public static IReadOnlyList<string> Write(Scene scene, ref CounterRandom random)
    {
        var captions = new List<string>(Count) { Full(scene, ref random) };
        for (var tries = 0; captions.Count < Count; tries++)
        {
            // A scene of few attributes has few wordings; after some tries a repetition is taken.
            var caption = Partial(scene, ref random);
            if (tries > 20 || !captions.Contains(caption))
            {
                captions.Add(caption);
            }
        }

        return captions;
    }

    private static string Full(Scene scene, ref CounterRandom random)
    {
        var sentence = scene.Objects.Count switch
        {
            1 => Noun(scene.Objects[0], 2, ref random),
            2 => Related(scene, 2, reversed: false, ref random),
            _ => Group(scene, 1, ref random),
        };
        return $"{sentence} {Pick(SceneWords.Of(scene.Background), ref random)}";
    }

    private static string Partial(Scene scene, ref CounterRandom random)
    {
        var sentence = scene.Objects.Count switch
        {
            1 => Noun(scene.Objects[0], random.NextInt(3), ref random),
            2 => Pair(scene, ref random),
            _ => Group(scene, 0, ref random),
        };
        sentence = random.NextInt(6) switch
        {
            0 => "a picture of " + sentence,
            1 => "an image of " + sentence,
            2 => "there is " + sentence,
            _ => sentence,
        };
        return random.NextInt(4) == 0 ? $"{sentence} {Pick(SceneWords.Of(scene.Background), ref random)}" : sentence;
    }

    private static string Pair(Scene scene, ref CounterRandom random)
    {
        var detail = random.NextInt(3);
        var reversed = random.NextInt(2) == 1;
        if (random.NextInt(3) > 0)
        {
            return Related(scene, detail, reversed, ref random);
        }

        var (first, second) = reversed ? (scene.Objects[1], scene.Objects[0]) : (scene.Objects[0], scene.Objects[1]);
        var joint = scene.Layout == SceneLayout.SideBySide && random.NextInt(2) == 0 ? "next to" : "and";
        return $"{Noun(first, detail, ref random)} {joint} {Noun(second, detail, ref random)}";
    }

    private static string Related(Scene scene, int detail, bool reversed, ref CounterRandom random)
    {
        var (first, second) = reversed ? (scene.Objects[1], scene.Objects[0]) : (scene.Objects[0], scene.Objects[1]);
        var relation = Pick(SceneWords.Relation(scene.Layout, reversed), ref random);
        return $"{Noun(first, detail, ref random)} {relation} {Noun(second, detail, ref random)}";
    }

    private static string Group(Scene scene, int detail, ref CounterRandom random)
    {
        var a = Noun(scene.Objects[0], detail, ref random);
        var b = Noun(scene.Objects[1], detail, ref random);
        var c = Noun(scene.Objects[2], detail, ref random);
        var form = random.NextInt(3);
        return (scene.Layout, form) switch
        {
            (SceneLayout.Row, 0) => $"{a}, {b} and {c} in a row",
            (SceneLayout.Row, 1) => $"{b} between {a} and {c}",
            (SceneLayout.Row, _) => $"{a}, {b} and {c} from left to right",
            (SceneLayout.OneAboveTwo, 0) => $"{b} and {c} {Pick(["below", "under"], ref random)} {a}",
            (SceneLayout.OneAboveTwo, 1) => $"{a} {Pick(["above", "over"], ref random)} {b} and {c}",
            (SceneLayout.OneBelowTwo, 0) => $"{b} and {c} {Pick(["above", "over"], ref random)} {a}",
            (SceneLayout.OneBelowTwo, 1) => $"{a} {Pick(["below", "under"], ref random)} {b} and {c}",
            _ => $"{a}, {b} and {c}",
        };
    }

    /// <summary>An object with its article.</summary>
    /// <param name="item">The object.</param>
    /// <param name="detail">0 color and shape, 1 also size or texture, 2 both.</param>
    /// <param name="random">Chooses the wording; it moves on.</param>
    private static string Noun(SceneObject item, int detail, ref CounterRandom random)
    {
        var ofSize = detail == 2 || (detail == 1 && random.NextInt(2) == 0);
        var ofTexture = detail == 2 || (detail == 1 && !ofSize);
        var behind = random.NextInt(4) == 0 ? SceneWords.Behind(item.Texture) : "";
        string[] words =
        [
            ofSize ? Pick(SceneWords.Of(item.Size), ref random) : "",
            ofTexture && behind.Length == 0 && (item.Texture != SceneTexture.Solid || random.NextInt(3) == 0)
                ? Pick(SceneWords.Of(item.Texture), ref random)
                : "",
            Usual(SceneWords.Of(item.Color), ref random),
            Usual(SceneWords.Of(item.Shape), ref random),
            ofTexture ? behind : "",
        ];
        var noun = string.Join(' ', words.Where(word => word.Length > 0));
        return (noun[0] is 'a' or 'e' or 'i' or 'o' or 'u' ? "an " : "a ") + noun;
    }
}
