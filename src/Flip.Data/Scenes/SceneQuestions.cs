using System.Globalization;
using Flip.Randomness;
using static Flip.Data.Scenes.SceneWords;

namespace Flip.Data.Scenes;

/// <summary>What a question about a scene asks for.</summary>
public enum SceneQuestionKind
{
    /// <summary>How many objects there are: "1", "2" or "3".</summary>
    Count,

    /// <summary>The color of an object, named by its shape.</summary>
    Color,

    /// <summary>Whether there is an object of a color and a shape: as often "yes" as "no".</summary>
    Existence,

    /// <summary>Whether one of two objects stands to the other as the question says: as often "yes" as "no".</summary>
    Position,
}

/// <summary>A question about a scene.</summary>
/// <param name="Kind">What it asks for.</param>
/// <param name="Question">Its words.</param>
/// <param name="Answer">The one right answer.</param>
public sealed record SceneQuestion(SceneQuestionKind Kind, string Question, string Answer);

/// <summary>Asks about scenes by the words of their captions. Whoever sees no image can only know how often an answer is right: yes and no are so as often as one another.</summary>
public static class SceneQuestions
{
    private const string Yes = "yes";
    private const string No = "no";

    /// <summary>One question of each kind that the scene allows: a color needs a shape that is there once, a position needs two objects.</summary>
    /// <param name="scene">The scene.</param>
    /// <param name="random">Chooses what is asked, and the wording; it moves on.</param>
    public static IReadOnlyList<SceneQuestion> Ask(Scene scene, ref CounterRandom random)
    {
        ArgumentNullException.ThrowIfNull(scene);
        var questions = new List<SceneQuestion> { Count(scene, ref random) };
        var single = scene.Objects.Where(item => scene.Objects.Count(other => other.Shape == item.Shape) == 1).ToList();
        if (single.Count > 0)
        {
            questions.Add(Color(single[random.NextInt(single.Count)], ref random));
        }

        questions.Add(Existence(scene, ref random));
        if (scene.Layout is SceneLayout.SideBySide or SceneLayout.Stacked)
        {
            questions.Add(Position(scene, ref random));
        }

        return questions;
    }

    private static SceneQuestion Count(Scene scene, ref CounterRandom random) => new(
        SceneQuestionKind.Count,
        Pick(["how many objects are there?", "how many objects are in the picture?", "how many things are there?"], ref random),
        scene.Objects.Count.ToString(CultureInfo.InvariantCulture));

    private static SceneQuestion Color(SceneObject item, ref CounterRandom random)
    {
        var shape = Usual(SceneWords.Of(item.Shape), ref random);
        return new(SceneQuestionKind.Color, Pick([$"what color is the {shape}?", $"what color does the {shape} have?"], ref random), SceneWords.Of(item.Color)[0]);
    }

    private static SceneQuestion Existence(Scene scene, ref CounterRandom random)
    {
        var item = scene.Objects[random.NextInt(scene.Objects.Count)];
        var (color, shape) = (item.Color, item.Shape);
        var isThere = random.NextInt(2) == 0;
        while (!isThere && scene.Objects.Any(other => (other.Color, other.Shape) == (color, shape)))
        {
            (color, shape) = random.NextInt(2) == 0 ? (Any<SceneColor>(ref random), item.Shape) : (item.Color, Any<SceneShape>(ref random));
        }

        var noun = Noun(color, shape, ref random);
        var article = noun[0] is 'a' or 'e' or 'i' or 'o' or 'u' ? "an" : "a";
        return new(SceneQuestionKind.Existence, Pick([$"is there {article} {noun}?", $"is {article} {noun} in the picture?"], ref random), isThere ? Yes : No);
    }

    private static SceneQuestion Position(Scene scene, ref CounterRandom random)
    {
        var swapped = random.NextInt(2) == 1;
        var (first, second) = swapped ? (scene.Objects[1], scene.Objects[0]) : (scene.Objects[0], scene.Objects[1]);
        var isSo = random.NextInt(2) == 0;
        var relation = Pick(SceneWords.Relation(scene.Layout, reversed: swapped == isSo), ref random);
        return new(
            SceneQuestionKind.Position,
            $"is the {Noun(first.Color, first.Shape, ref random)} {relation} the {Noun(second.Color, second.Shape, ref random)}?",
            isSo ? Yes : No);
    }

    private static string Noun(SceneColor color, SceneShape shape, ref CounterRandom random) =>
        $"{Usual(SceneWords.Of(color), ref random)} {Usual(SceneWords.Of(shape), ref random)}";

    private static T Any<T>(ref CounterRandom random)
        where T : struct, Enum
    {
        var values = Enum.GetValues<T>();
        return values[random.NextInt(values.Length)];
    }
}
