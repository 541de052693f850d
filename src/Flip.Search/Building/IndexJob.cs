using Flip.Data;
using Flip.Data.Questions;
using Flip.Evaluation.Embedding;
using Flip.Progress;
using Flip.Search.Vectors;
using Flip.Storage;

namespace Flip.Search.Building;

/// <summary>
/// Brings an index to what its sources hold: embeds what is new or shows something else, removes what is gone, and leaves the rest. The bytes of images decide, not
/// their times or names: what only moved is not embedded again. Images that cannot be used are left out and listed.
/// </summary>
/// <param name="folder">The index.</param>
/// <param name="loaded">The model.</param>
/// <param name="settings">What the index is made as, with this model.</param>
public sealed class IndexJob(string folder, LoadedModel loaded, IndexSettings settings)
{
    private const int KeptAtOnce = 256;
    private static readonly TimeSpan KeptAfter = TimeSpan.FromSeconds(2); // what a kill loses at most

    /// <summary>Keeps the hashes of files; null computes them anew.</summary>
    public ContentHashes? Hashes { get; init; }

    /// <summary>Clock; null for the system's.</summary>
    public TimeProvider? Time { get; init; }

    private TimeProvider Clock => Time ?? TimeProvider.System;

    /// <summary>Runs; after a stop of any kind the same call goes on from what is done.</summary>
    /// <param name="sources">All that the index is to hold.</param>
    /// <param name="view">Shows how far it is.</param>
    /// <param name="cancellation">Stops it; what is embedded is kept.</param>
    /// <exception cref="ConfigException">No image can be used; or the index is another model's or was made otherwise.</exception>
    /// <exception cref="Flip.Io.FolderInUseException">Another process changes the index.</exception>
    /// <exception cref="IndexFormatException">The index is damaged.</exception>
    public IndexOutcome Run(IReadOnlyList<IndexSource> sources, IProgressView view, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(sources);
        var start = Clock.GetTimestamp();
        if (sources.GroupBy(source => source.Name, StringComparer.Ordinal).FirstOrDefault(same => same.Skip(1).Any()) is { Key: var twice })
        {
            throw new ConfigException($"The source '{twice}' is named twice.");
        }

        using var update = IndexUpdate.Begin(folder, settings);
        var missing = new List<MissingItem>();
        var embedded = 0L;
        var contents = new List<long[]>();
        var total = sources.Sum(source => (long)source.Images.Count);
        var meter = new ItemMeter(view, "index", "images", total);
        foreach (var source in sources)
        {
            var hashes = Scan(source, view, cancellation);
            var numbers = Array.ConvertAll(hashes, hash => hash is null ? 0 : update.Find(hash) ?? 0);
            var before = contents.Sum(done => done.LongLength);
            var known = numbers.LongCount(number => number > 0);
            embedded += Embed(update, source, hashes, numbers, done => meter.Report(before + known + done), source.Prefix(sources.Count), missing, cancellation);
            contents.Add(numbers);
        }

        Put(update, sources, contents, missing);
        if (update.IsEmpty)
        {
            throw new ConfigException($"None of the {total} images can be used, such as '{missing[0].Key}': {missing[0].Problem}.");
        }

        update.RemoveOthers();
        ItemMeter? graph = null;
        var changes = update.Publish(
            (done, all) =>
            {
                lock (missing)
                {
                    (graph ??= new ItemMeter(view, "graph", "vectors", all)).Report(Math.Max(done, graph.Done));
                }
            },
            cancellation);
        return new IndexOutcome(changes, embedded, Clock.GetElapsedTime(start).TotalSeconds, missing);
    }

    private string?[] Scan(IndexSource source, IProgressView view, CancellationToken cancellation)
    {
        var meter = new ItemMeter(view, "read", "images", source.Images.Count);
        return ContentScan.Of(source.Images, Hashes ?? new(), meter.Report, cancellation);
    }

    /// <summary>Embeds the images whose content has no number yet, each content once, and gives it one.</summary>
    /// <returns>How many were embedded.</returns>
    private long Embed(
        IndexUpdate update, IndexSource source, string?[] hashes, long[] numbers, Action<long> report, string prefix, List<MissingItem> missing, CancellationToken cancellation)
    {
        var first = new Dictionary<string, int>(StringComparer.Ordinal); // the image that stands for a hash
        int[] chosen = [.. Enumerable.Range(0, numbers.Length).Where(image => numbers[image] == 0 && (hashes[image] is not { } hash || first.TryAdd(hash, image)))];
        report(0);
        if (chosen.Length == 0)
        {
            return 0;
        }

        var images = new PicturedImages(new ChosenImages(source.Images, chosen), settings.ThumbnailSide);
        string[] keys = [.. images.Keys()];
        var (problems, pending, since, done) = (new Dictionary<int, string>(), new List<(int Image, IndexContent Content)>(), Clock.GetTimestamp(), 0L);
        try
        {
            foreach (var batch in ItemEncoders.Images(loaded, settings.Model.Choice, images, allowMissing: true).Encode(0, update.Last, cancellation: cancellation))
            {
                Take(batch);
                if (pending.Count >= KeptAtOnce || Clock.GetElapsedTime(since) >= KeptAfter)
                {
                    Keep();
                }

                report(batch.Next);
            }
        }
        finally
        {
            Keep(); // also what was done before a stop
        }

        foreach (var image in Enumerable.Range(0, numbers.Length).Where(image => numbers[image] == 0))
        {
            var stands = hashes[image] is { } hash ? first[hash] : image;
            numbers[image] = numbers[stands];
            if (problems.TryGetValue(stands, out var problem))
            {
                problems[image] = problem;
            }
        }

        missing.AddRange(source.Images.Keys().Index().Where(key => problems.ContainsKey(key.Index)).Select(key => new MissingItem(prefix + key.Item, problems[key.Index])));
        return done;

        void Take(EmbeddedItems batch)
        {
            var bad = batch.Missing.ToDictionary(item => item.Key, item => item.Problem, StringComparer.Ordinal);
            var row = 0;
            foreach (var place in Enumerable.Range((int)batch.First, (int)(batch.Next - batch.First)))
            {
                var (image, thumbnail) = (chosen[place], images.Take(place));
                if (bad.TryGetValue(keys[place], out var problem))
                {
                    problems[image] = problem;
                }
                else if (hashes[image] is { } hash)
                {
                    pending.Add((image, new IndexContent(hash, batch.Vectors.AsMemory(row++ * settings.EmbedDim, settings.EmbedDim), thumbnail)));
                }
                else
                {
                    (problems[image], row) = ("it could not be read at first, and can now: index again", row + 1);
                }
            }
        }

        void Keep()
        {
            foreach (var (item, number) in pending.Zip(update.Add([.. pending.Select(item => item.Content)])))
            {
                numbers[item.Image] = number;
            }

            done += pending.Count;
            pending.Clear();
            since = Clock.GetTimestamp();
        }
    }

    private static void Put(IndexUpdate update, IReadOnlyList<IndexSource> sources, List<long[]> contents, List<MissingItem> missing)
    {
        foreach (var (source, numbers) in sources.Zip(contents))
        {
            var prefix = source.Prefix(sources.Count);
            foreach (var (image, key) in source.Images.Keys().Index())
            {
                if (numbers[image] == 0)
                {
                    continue;
                }

                var (whole, path) = (prefix + key, source.Images.PathOf(image) ?? source.Name);
                var problem = IndexUpdate.TextProblem(whole) ?? IndexUpdate.TextProblem(path)
                    ?? (update.Put(whole, path, numbers[image]) ? null : "another image has the same key");
                if (problem is not null)
                {
                    missing.Add(new MissingItem(whole, problem));
                }
            }
        }
    }
}
