namespace Flip.Serving;

/// <summary>A classifier over fixed classes, as an engine uses it. Called from the engine's thread alone.</summary>
public interface IClassScorer
{
    /// <summary>Names in the order of the scores.</summary>
    IReadOnlyList<string> ClassNames { get; }

    /// <summary>Scores before the softmax.</summary>
    /// <param name="pixels">RGB 0..255, <c>[count, S, S, 3]</c>.</param>
    /// <param name="count">Number of images.</param>
    /// <returns><c>[count, classes]</c></returns>
    float[] Score(ReadOnlyMemory<byte> pixels, int count);
}
