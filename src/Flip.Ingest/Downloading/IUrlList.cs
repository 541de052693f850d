namespace Flip.Ingest.Downloading;

/// <summary>A list of addresses that is read from its beginning to its end, the same each time.</summary>
public interface IUrlList
{
    /// <summary>What tells this list from others, on every machine that reads it; one line.</summary>
    string Identity { get; }

    /// <summary>Rows, where that is known without reading them; null else.</summary>
    long? Count { get; }

    /// <summary>Whether the list has captions.</summary>
    bool HasCaptions { get; }

    /// <summary>Names of the columns that are kept.</summary>
    IReadOnlyList<string> SavedColumns { get; }

    /// <summary>Reads rows in order.</summary>
    /// <param name="first">Rows that are passed over at the beginning.</param>
    /// <param name="cancellation">Stops the reading.</param>
    IEnumerable<UrlRow> Read(long first, CancellationToken cancellation);
}
