using Flip.Collectives;
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
/// byte. Neither embeddings nor keys are ever in memory all at once. Of ranks that share the items, rank 0 alone touches files.
/// </summary>
/// <param name="path">The file, <c>.safetensors</c> or <c>.parquet</c>.</param>
/// <param name="time">Clock; null for the system's.</param>
/// <param name="ranks">Who shares the items (<see cref="SharedItems"/>); null for this process alone.</param>
public sealed class EmbeddingJob(string path, TimeProvider? time = null, ICommunicator? ranks = null)
{
    // A stop loses at most half a minute's work, and a part is at most a few dozen megabytes.
    private static readonly TimeSpan PartTime = TimeSpan.FromSeconds(30);
    private const int DefaultPartItems = 1 << 14;

    // By it the next process knows what one that was killed has left.
    private const string TemporarySuffix = ".tmp";

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly ICommunicator _ranks = ranks ?? OneProcess.Instance;

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
    /// <returns>The same on all ranks.</returns>
    /// <exception cref="ConfigException">As <see cref="Check"/>; or unfinished work is another's; or no item could be used; or the ranks have other work.</exception>
    public EmbeddingResult Run(
        IItemEncoder items,
        EmbeddingManifest manifest,
        bool overwrite = false,
        bool allowMissing = false,
        Action<long>? report = null,
        CancellationToken cancellation = default)
    {
        SameWork.Require(_ranks, manifest.ToValues().Select(value => $"{value.Key} {value.Value}"));
        EmbeddingParts? parts = null;
        try
        {
            var begun = FirstRank.Tell(_ranks, () =>
            {
                Check(path, overwrite);
                parts = EmbeddingParts.Open(path, manifest, overwrite, allowMissing);
                AtomicFile.DeleteLeftovers(path, TemporarySuffix);
                return new Place(parts.Next, parts.Embedded);
            });
            var start = _time.GetTimestamp();
            report?.Invoke(begun.Next);
            Encode(items, begun, manifest.Items, parts, report, cancellation);
            var seconds = _time.GetElapsedTime(start).TotalSeconds;
            return FirstRank.Tell(_ranks, () => Finish(parts!, items.Kind, begun.Next, seconds, cancellation));
        }
        finally
        {
            parts?.Dispose();
        }
    }

    /// <summary>The file of all parts.</summary>
    private EmbeddingResult Finish(EmbeddingParts parts, string kind, long resumed, double seconds, CancellationToken cancellation)
    {
        if (parts.Embedded == 0)
        {
            var all = parts.Missing;
            parts.Delete();
            throw new ConfigException($"None of the {all.Count} {kind} can be used, such as '{all[0].Key}': {all[0].Problem}.");
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

    /// <param name="items">Source and model.</param>
    /// <param name="begun">Where to begin.</param>
    /// <param name="count">Items of the source.</param>
    /// <param name="parts">Where embeddings go; null where another rank writes them.</param>
    /// <param name="report">Receives how many items are done.</param>
    /// <param name="cancellation">Stops after a batch.</param>
    private void Encode(
        IItemEncoder items, Place begun, long count, EmbeddingParts? parts, Action<long>? report, CancellationToken cancellation)
    {
        if (begun.Next == count)
        {
            return;
        }

        var (next, pending, since) = (begun.Next, new List<EmbeddedItems>(), _time.GetTimestamp());
        try
        {
            foreach (var batch in items.Encode(begun.Next, begun.Embedded, cancellation: cancellation))
            {
                next = batch.Next;
                report?.Invoke(next);
                if (parts is null)
                {
                    continue;
                }

                pending.Add(batch);
                if (next - parts.Next >= PartItems || _time.GetElapsedTime(since) >= PartTime)
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

        if (next != count)
        {
            throw new IOException($"The source ended at item {next} of {count}: it has changed.");
        }

        void Flush()
        {
            if (pending.Count > 0)
            {
                parts!.Add(EmbeddedItems.Join(pending));
                pending.Clear();
            }
        }
    }

    /// <summary>How far a job is.</summary>
    /// <param name="Next">The first item that is not done.</param>
    /// <param name="Embedded">Embeddings of the items before.</param>
    private sealed record Place(long Next, long Embedded);
}
