using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Flip.Data.Shards;
using Flip.Ingest.Formats;
using Flip.Io;

namespace Flip.Ingest.Packing;

/// <summary>
/// Makes WebDataset shards of a source: equal input and options give equal bytes, for any number of threads and after any number of kills. A shard appears whole, then what a later start has to
/// know of it, then <c>pack.json</c>: the state after it. So a start goes on behind the last shard that is finished.
/// </summary>
/// <param name="reader">The source.</param>
/// <param name="options">What is wanted.</param>
public sealed class ShardPacking(IPairReader reader, PackOptions options)
{
    private const string HashFolder = ".hashes";
    private const string ClassesFile = "classes.json";
    private const string TemporarySuffix = ".tmp";
    private const string ProbeFile = ".flip"; // by which a command finds out whether it may write (OutputPlace)

    /// <summary>Packs what is not packed yet.</summary>
    /// <param name="folder">The folder of the shards; one that was begun with the same options is gone on with.</param>
    /// <param name="progress">Receives the state at each entry.</param>
    /// <param name="cancellation">Stops the work; what is finished stays.</param>
    /// <returns>The result.</returns>
    /// <exception cref="ConfigException">The folder was begun with other options, has other things in it, or the source has addresses alone.</exception>
    /// <exception cref="FolderInUseException">Another process works in the folder.</exception>
    public PackState Run(string folder, Action<long>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(folder);
        folder = Path.GetFullPath(folder);
        if (Directory.Exists(folder) && !FolderLock.WasTaken(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
        {
            throw new ConfigException($"'{folder}' has other things in it: choose a new folder.");
        }

        using var held = FolderLock.Take(folder);
        OwnEntries.Require(folder, PackState.FileName, HashFolder, ClassesFile, ShardIndexFile.FileName);
        var settings = options.Settings();
        settings["entries"] = reader.Count?.ToString(CultureInfo.InvariantCulture) ?? "-"; // a source that has grown since is another one
        var state = PackState.Of(folder, settings);
        if (!state.IsComplete)
        {
            DeleteLeftovers(folder, state.Shards);
            state = Pack(folder, state, progress, cancellation);
        }

        foreach (var file in (string[])[ProbeFile, PackState.FileName, ShardIndexFile.FileName])
        {
            AtomicFile.DeleteLeftovers(Path.Combine(folder, file), TemporarySuffix); // of kills in the first moment and in the last
        }

        if (state.Shards > 0 && !File.Exists(Path.Combine(folder, ShardIndexFile.FileName)))
        {
            new ShardIndexing(cancellation: cancellation).Run(ShardPattern.Expand(folder));
        }

        if (Directory.Exists(Path.Combine(folder, HashFolder)))
        {
            Directory.Delete(Path.Combine(folder, HashFolder), recursive: true);
        }

        return state;
    }

    private PackState Pack(string folder, PackState state, Action<long>? progress, CancellationToken cancellation)
    {
        var alike = options.Vectors is { } vectors ? new AlikeImages(vectors, options.Alike) : null;
        var seen = new DuplicateFilter(options.Duplicates, alike);
        for (var shard = 0; shard < state.Shards; shard++)
        {
            seen.Read(HashesOf(folder, shard));
        }

        if (reader.Classes is { } classes)
        {
            AtomicFile.WriteText(Path.Combine(folder, ClassesFile), JsonSerializer.Serialize(classes) + "\n");
        }

        using var samples = Samples(state.Entries, alike, cancellation).GetEnumerator();
        for (PackState next; ; state = next)
        {
            next = state.Copy();
            var first = Next(samples, ref next, seen, progress);
            if (first is null)
            {
                next = next with { IsComplete = true, NotFound = options.Select is { } selection ? SelectedSamples.Missing(selection, next) : null };
                next.Write(folder);
                return next;
            }

            var number = state.Shards;
            var name = string.Create(CultureInfo.InvariantCulture, $"{number:D5}");
            var count = 0;
            var digest = ShardWriter.Write(Path.Combine(folder, name + ".tar"), writer =>
            {
                for (var sample = first; sample is not null; sample = ++count < options.SamplesPerShard ? Next(samples, ref next, seen, progress) : null)
                {
                    var key = string.Create(CultureInfo.InvariantCulture, $"{name}{count:D4}");
                    writer.Add(key, Members(key, sample));
                }
            });
            next = next with { Shards = number + 1, Samples = state.Samples + count, Bytes = state.Bytes + digest.Length };
            seen.Write(HashesOf(folder, number));
            AtomicFile.WriteText(Path.Combine(folder, name + "_stats.json"), PackStats.Of(state, next, count));
            next.Write(folder);
        }
    }

    /// <summary>Samples from an entry on. Embedded ones are read from the beginning of their batch: the same batches give the same vectors.</summary>
    private IEnumerable<PackedSample> Samples(long first, AlikeImages? alike, CancellationToken cancellation)
    {
        var before = alike is null ? 0 : (int)(first % alike.BatchSize);
        var samples = OrderedWork.Run(reader.Read(first - before, cancellation), pair => pair.Image.Length, new SamplePreparation(options).Prepare, options.Threads, cancellation);
        return alike is null ? samples : alike.Embed(samples).Skip(before);
    }

    /// <summary>The next sample that is kept; null at the end. What is left out before it is counted.</summary>
    private static PackedSample? Next(IEnumerator<PackedSample> samples, ref PackState state, DuplicateFilter seen, Action<long>? progress)
    {
        while (samples.MoveNext())
        {
            var sample = samples.Current;
            var entry = state.Entries;
            state = state with { Entries = entry + 1 };
            progress?.Invoke(state.Entries);
            var drop = sample.Drop ?? (seen.Add(sample) ? null : new BadSource("duplicate", "its image came before"));
            if (drop is null)
            {
                foreach (var (cause, count) in sample.DroppedCaptions)
                {
                    state.DroppedCaptions[cause] = state.DroppedCaptions.GetValueOrDefault(cause) + count;
                }

                return sample;
            }

            if (entry == 0 && drop.Cause == SamplePreparation.NotDownloaded)
            {
                throw new ConfigException($"The source has addresses of images ({drop.Message}): 'flip data download' makes shards of them.");
            }

            state.Dropped[drop.Cause] = state.Dropped.GetValueOrDefault(drop.Cause) + 1;
            state.Examples.TryAdd(drop.Cause, $"'{sample.SourceKey}': {drop.Message}");
        }

        return null;
    }

    private static IEnumerable<(string Extension, ReadOnlyMemory<byte> Content)> Members(string key, PackedSample sample)
    {
        yield return (sample.Image!.Extension, sample.Image.Content);
        if (sample.Caption is { } caption)
        {
            yield return ("txt", Encoding.UTF8.GetBytes(caption));
        }

        if (sample.Class is { } type)
        {
            yield return ("cls", Encoding.ASCII.GetBytes(type));
        }

        yield return ("json", Json(key, sample));
    }

    private static byte[] Json(string key, PackedSample sample)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            writer.WriteString("key", key);
            foreach (var (name, value) in sample.Json)
            {
                writer.WritePropertyName(name);
                writer.WriteRawValue(value.Span, skipInputValidation: true);
            }

            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static string HashesOf(string folder, int shard) => Path.Combine(folder, HashFolder, string.Create(CultureInfo.InvariantCulture, $"{shard:D5}"));

    /// <summary>What a killed process left half written is of the shard behind the last finished one, or of the state.</summary>
    private static void DeleteLeftovers(string folder, int shard)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{shard:D5}");
        var before = string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, shard - 1):D5}");
        foreach (var file in (string[])[PackState.FileName, ClassesFile, name + ".tar", name + "_stats.json", before + "_stats.json"])
        {
            AtomicFile.DeleteLeftovers(Path.Combine(folder, file), TemporarySuffix);
        }

        if (Directory.Exists(Path.Combine(folder, HashFolder)))
        {
            AtomicFile.DeleteLeftovers(HashesOf(folder, shard), TemporarySuffix);
        }
    }
}
