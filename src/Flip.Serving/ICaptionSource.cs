namespace Flip.Serving;

/// <summary>A caption of an image.</summary>
/// <param name="Text">Its words.</param>
/// <param name="LogProbability">Natural logarithm of its probability.</param>
public sealed record ServedCaption(string Text, double LogProbability);

/// <summary>A captioner, as an engine uses it. Called from the engine's thread alone.</summary>
public interface ICaptionSource
{
    /// <summary>Captions that are followed, and given at most, of an image.</summary>
    int MostCaptions { get; }

    /// <summary>Captions of images, the best first.</summary>
    /// <param name="pixels">RGB 0..255, <c>[count, S, S, 3]</c>.</param>
    /// <param name="count">Number of images.</param>
    /// <param name="cancellation">Stops between two tokens.</param>
    /// <returns>Of each image one caption or more.</returns>
    IReadOnlyList<IReadOnlyList<ServedCaption>> Write(ReadOnlyMemory<byte> pixels, int count, CancellationToken cancellation);
}
