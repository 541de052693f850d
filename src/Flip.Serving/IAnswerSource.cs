namespace Flip.Serving;

/// <summary>An answer to a question about an image.</summary>
/// <param name="Text">The answer.</param>
/// <param name="Probability">How likely the model takes it to be right; those of several answers need not add up to 1.</param>
public sealed record ServedAnswer(string Text, double Probability);

/// <summary>A model that answers questions about images, as an engine uses it. Called from the engine's thread alone.</summary>
public interface IAnswerSource
{
    /// <summary>Answers that are given, at most, to a question.</summary>
    int MostAnswers { get; }

    /// <summary>The likeliest answers.</summary>
    /// <param name="pixels">RGB 0..255, <c>[count, S, S, 3]</c>.</param>
    /// <param name="count">Number of images.</param>
    /// <param name="asked">Questions, each with the place of its image among them.</param>
    /// <returns>In the order of the questions.</returns>
    IReadOnlyList<IReadOnlyList<ServedAnswer>> Answer(ReadOnlyMemory<byte> pixels, int count, IReadOnlyList<(int Image, string Question)> asked);
}
