using Flip.Randomness;

namespace Flip.Data.Scenes;

/// <summary>The words of the grammar. Of several, the first is the usual one and the rest are synonyms.</summary>
internal static class SceneWords
{
    public static IReadOnlyList<string> Of(SceneColor color) => color switch
    {
        SceneColor.Cyan => ["cyan", "turquoise"],
        SceneColor.Purple => ["purple", "violet"],
        _ => [color.ToString().ToLowerInvariant()],
    };

    public static IReadOnlyList<string> Of(SceneShape shape) => shape switch
    {
        SceneShape.Circle => ["circle", "disc"],
        SceneShape.Diamond => ["diamond", "rhombus"],
        SceneShape.Cross => ["cross", "plus sign"],
        SceneShape.Ring => ["ring", "hoop"],
        SceneShape.Crescent => ["crescent", "moon"],
        _ => [shape.ToString().ToLowerInvariant()],
    };

    /// <summary>Before the color; a medium size goes without saying.</summary>
    public static IReadOnlyList<string> Of(SceneSize size) => size switch
    {
        SceneSize.Small => ["small", "little", "tiny"],
        SceneSize.Large => ["large", "big", "huge"],
        _ => [""],
    };

    /// <summary>Before the color.</summary>
    public static IReadOnlyList<string> Of(SceneTexture texture) => texture switch
    {
        SceneTexture.Striped => ["striped"],
        SceneTexture.Dotted => ["dotted", "spotted"],
        SceneTexture.Checkered => ["checkered", "checked"],
        _ => ["plain", "solid"],
    };

    /// <summary>Behind the shape.</summary>
    public static string Behind(SceneTexture texture) => texture switch
    {
        SceneTexture.Striped => "with stripes",
        SceneTexture.Dotted => "with dots",
        SceneTexture.Checkered => "with checks",
        _ => "",
    };

    public static IReadOnlyList<string> Of(SceneBackground background) => background switch
    {
        SceneBackground.White => ["on a white background", "on white"],
        SceneBackground.Gray => ["on a gray background", "on gray"],
        SceneBackground.Cream => ["on a cream background", "on cream paper"],
        SceneBackground.Night => ["at night", "on a dark background"],
        SceneBackground.Sky => ["in the sky", "in front of a bright sky"],
        SceneBackground.Sunset => ["at sunset", "in front of a sunset"],
        SceneBackground.Sand => ["on sand", "on the sand"],
        _ => ["on a grainy background", "on rough paper"],
    };

    /// <summary>How the first of two objects stands to the second.</summary>
    public static IReadOnlyList<string> Relation(SceneLayout layout, bool reversed) => (layout == SceneLayout.SideBySide, reversed) switch
    {
        (true, false) => ["to the left of", "left of"],
        (true, true) => ["to the right of", "right of"],
        (false, false) => ["above", "over"],
        (false, true) => ["below", "under"],
    };

    /// <summary>One of several words.</summary>
    public static string Pick(IReadOnlyList<string> words, ref CounterRandom random) => words[random.NextInt(words.Count)];

    /// <summary>The usual word, and once in six a synonym where there is one.</summary>
    public static string Usual(IReadOnlyList<string> words, ref CounterRandom random) => random.NextInt(6) > 0 ? words[0] : words[^1];
}
