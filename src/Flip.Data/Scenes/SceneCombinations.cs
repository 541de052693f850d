using System.Collections.Immutable;

namespace Flip.Data.Scenes;

/// <summary>
/// The pairs of color and background, some of which training never shows: recognizing one of those takes both words. Only pairs that
/// contrast exist. (Pairs of color and shape would be the usual choice, but a ViT of a few hundred steps has hardly learnt shapes.)
/// </summary>
public static class SceneCombinations
{
    /// <summary>All pairs; the place in this list is the class label.</summary>
    public static ImmutableArray<(SceneColor Color, SceneBackground Background)> All { get; } =
    [
        .. from color in Enum.GetValues<SceneColor>()
           from background in Enum.GetValues<SceneBackground>()
           where ScenePalette.Contrasts(color, background)
           select (color, background),
    ];

    /// <summary>The pairs that training never shows, about a fifth of all; every color and every background has others.</summary>
    public static IReadOnlyList<(SceneColor Color, SceneBackground Background)> HeldOut { get; } =
        [.. All.Where(pair => IsHeldOut(pair.Color, pair.Background))];

    /// <summary>The pairs that training shows.</summary>
    public static IReadOnlyList<(SceneColor Color, SceneBackground Background)> Seen { get; } =
        [.. All.Where(pair => !IsHeldOut(pair.Color, pair.Background))];

    /// <summary>Whether training never shows a pair. A fixed rule: 3 has no divisor in common with the eight backgrounds, so that the
    /// diagonals it selects are spread over colors and backgrounds.</summary>
    public static bool IsHeldOut(SceneColor color, SceneBackground background) => ((int)background + (3 * (int)color)) % 8 < 2;

    /// <summary>The class name of a pair, such as "red circle on sand": the labelled pictures show one circle.</summary>
    public static string Name(SceneColor color, SceneBackground background) =>
        $"{SceneWords.Of(color)[0]} {SceneWords.Of(SceneShape.Circle)[0]} {SceneWords.Of(background)[0]}";
}
