namespace Flip.Ingest.Formats;

/// <summary>
/// Reads a source of image-text pairs from its beginning to its end. What it gives is the same each time, in the same order, one entry for each that the source has: one that
/// cannot be used comes too, with its <see cref="SourcePair.Problem"/>. It holds a few entries in memory, however many there are.
/// </summary>
public interface IPairReader
{
    /// <summary>The format, in a word or two for people.</summary>
    string Format { get; }

    /// <summary>Entries, where that is known without reading them; null else.</summary>
    long? Count { get; }

    /// <summary>The names of the classes, where <see cref="SourcePair.Class"/> is the number of one of them; null else.</summary>
    IReadOnlyList<string>? Classes => null;

    /// <summary>Reads entries in order.</summary>
    /// <param name="first">Entries that are passed over at the beginning, as cheaply as the format allows.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="ConfigException">The source is not of this format after all.</exception>
    /// <exception cref="IOException">The source cannot be read any more.</exception>
    IEnumerable<SourcePair> Read(long first = 0, CancellationToken cancellation = default);
}
