using Flip.Data;
using Flip.Io;

namespace Flip.Evaluation.Embedding;

/// <summary>What an <see cref="EmbeddingJob"/> made.</summary>
/// <param name="Embedded">Embeddings in the file.</param>
/// <param name="Resumed">Items whose work was done before this run.</param>
/// <param name="Seconds">Time this run spent on the others.</param>
/// <param name="Missing">Items that were left out.</param>
public sealed record EmbeddingResult(long Embedded, long Resumed, double Seconds, IReadOnlyList<MissingItem> Missing);

/// <summary>
/// Embeds a source into a file, in parts: what was done before a stop is not done again, and the file comes out the same to the last
/// byte. Neither embeddings nor keys are ever in memory all at once.
/// </summary>
/// <param name="path">The file, <c>.safetensors</c> or <c>.parquet</c>.</param>
/// <param name="time">Clock; null for the system's.</param>
public sealed class EmbeddingJob(string path, TimeProvider? time = null)
{
    // A stop loses at most half a minute's work, and a part is at most a few dozen megabytes.
    private static readonly TimeSpan PartTime = TimeSpan.FromSeconds(30);
    private const int DefaultPartItems = 1 << 14;

    // By it the next process knows what one that was killed has left.
    private const string TemporarySuffix = ".tmp";

    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>Items of a part, about: a part ends with a batch.</summary>
    public int PartItems { get; init; } = DefaultPartItems;

    /// <summary>Refuses a file that cannot or must not be written, before any work.</summary>
    /// <exception cref="ConfigException">The extension is unknown, the file exists, or its folder cannot be written to.</exception>
    public static void Check(string path, bool overwrite)
    {
        if (Writer(path) is null)
        {
            throw new ConfigException($"'{path}': write {SafetensorsEmbeddings.Extension} or {ParquetEmbeddings.Extension}.");
        }

        if (Directory.Exists(path) || (File.Exists(path) && !overwrite))
        {
            throw new ConfigException(Directory.Exists(path) ? $"'{path}' is a folder." : $"'{path}' exists: name another file, or --overwrite it.");
        }

        OutputPlace.CheckFile(path, "--out");
    }

    /// <summary>Runs, or goes on where a run before was stopped.</summary>
    /// <param name="items">Source and model.</param>
    /// <param name="manifest">What the embeddings depend on.</param>
    /// <param name="overwrite">Whether an existing file, and unfinished work of another manifest, are replaced.</param>
    /// <param name="allowMissing">Whether unfinished work that left items out may be continued.</param>
    /// <param name="report">Receives how many items are done, first those of runs before.</param>
    /// <param name="cancellation">Stops after a batch; what is done is kept.</param>
    /// <exception cref="ConfigException">As <see cref="Check"/>; or unfinished work is another's; or no item could be used.</exception>
    public EmbeddingResult Run(
        IItemEncoder items,
        EmbeddingManifest manifest,
        bool overwrite = false,
        bool allowMissing = false,
        Action<long>? report = null,
        CancellationToken cancellation = default)
    {
        Check(path, overwrite);
        using var parts = EmbeddingParts.Open(path, manifest, overwrite, allowMissing);
        AtomicFile.DeleteLeftovers(path, TemporarySuffix);
        var (resumed, start) = (parts.Next, _time.GetTimestamp());
        report?.Invoke(resumed);
        Encode(items, parts, report, cancellation);
        var seconds = _time.GetElapsedTime(start).TotalSeconds;
        if (parts.Embedded == 0)
        {
            var all = parts.Missing;
            parts.Delete();
            throw new ConfigException($"None of the {all.Count} {items.Kind} can be used, such as '{all[0].Key}': {all[0].Problem}.");
        }

        var result = new EmbeddingResult(parts.Embedded, resumed, seconds, parts.Missing);
        Writer(path)!(path, parts, TemporarySuffix, cancellation);
        parts.Delete();
        return result;
    }

    private static Action<string, EmbeddingParts, string, CancellationToken>? Writer(string path) => Path.GetExtension(path).ToUpperInvariant() switch
    {
        ".SAFETENSORS" => SafetensorsEmbeddings.Write,
        ".PARQUET" => (file, parts, suffix, cancellation) => ParquetEmbeddings.Write(file, parts, suffix, cancellation),
        _ => null,
    };

    private void Encode(IItemEncoder items, EmbeddingParts parts, Action<long>? report, CancellationToken cancellation)
    {
        if (parts.Next == parts.Manifest.Items)
        {
            return;
        }

        var (pending, since) = (new List<EmbeddedItems>(), _time.GetTimestamp());
        try
        {
            foreach (var batch in items.Encode(parts.Next, parts.Embedded, cancellation))
            {
                pending.Add(batch);
                report?.Invoke(batch.Next);
                if (batch.Next - parts.Next >= PartItems || _time.GetElapsedTime(since) >= PartTime)
                {
                    Flush();
                    since = _time.GetTimestamp();
                }
            }
        }
        finally
        {
            Flush(); // also what was done before a stop or a bad item
        }

        if (parts.Next != parts.Manifest.Items)
        {
            throw new IOException($"The source ended at item {parts.Next} of {parts.Manifest.Items}: it has changed.");
        }

        void Flush()
        {
            if (pending.Count > 0)
            {
                parts.Add(EmbeddedItems.Join(pending));
                pending.Clear();
            }
        }
    }
}
