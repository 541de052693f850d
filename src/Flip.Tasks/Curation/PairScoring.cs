using System.Globalization;
using System.Numerics.Tensors;
using System.Text.Json;
using Flip.Data.Images;
using Flip.Devices;
using Flip.Evaluation.Embedding;
using Flip.Ingest.Formats;
using Flip.Io;
using Flip.Storage;

namespace Flip.Tasks.Curation;

/// <summary>
/// Scores each pair of a source by a model: the cosine of its image's and its caption's embeddings, by which the pairs of the web are filtered. The tables are <c>00000.parquet</c> and so on; each
/// appears whole, and one that is there is not made again. Each depends on its own entries alone, so processes divide them and nothing is exchanged.
/// </summary>
/// <param name="reader">The source.</param>
/// <param name="loaded">The model; it is not disposed of here.</param>
/// <param name="options">What is wanted.</param>
public sealed class PairScoring(IPairReader reader, LoadedModel loaded, ScoreOptions options)
{
    private const string SettingsFile = "score.json";
    private const string WorkFolder = ".score";
    private const string Extension = ".parquet";
    private const string TemporarySuffix = ".tmp";

    private readonly PairEncoder _encoder = new(loaded);

    /// <summary>Entries in this part's tables; null where the source does not say how many it has.</summary>
    public long? Planned => reader.Count is not { } count ? null : Tables(count).Sum(table => Math.Min(options.RowsPerTable, count - (table * options.RowsPerTable)));

    /// <summary>Makes the tables of this part that are not there.</summary>
    /// <param name="folder">Where they go; one that was begun with the same source, model and options is gone on with.</param>
    /// <param name="progress">Receives how many entries of this part are done.</param>
    /// <param name="cancellation">Stops after a batch; tables that are finished stay.</param>
    /// <returns>What all tables of the folder say, also those of other parts.</returns>
    /// <exception cref="ConfigException">The folder was begun otherwise, or a table in it is damaged.</exception>
    /// <exception cref="FolderInUseException">Another process has this part.</exception>
    /// <exception cref="ArithmeticException">The model gives numbers that are not finite.</exception>
    public ScoreSummary Run(string folder, Action<long>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(folder);
        _ = loaded.Tokenizer; // what is wrong with it is known before the work
        folder = Path.GetFullPath(folder);
        Directory.CreateDirectory(folder);
        OwnEntries.Require(folder, SettingsFile);
        OwnEntries.RequireKind(folder, isFolder: true, WorkFolder);
        var work = Path.Combine(folder, WorkFolder);
        var held = FolderParts.Take(work, options.Part, options.Parts);
        try
        {
            FolderSettings.Require(folder, SettingsFile, Settings(), "scoring");
            Score(folder, progress, cancellation);
        }
        catch
        {
            held.Dispose();
            throw;
        }

        FolderParts.Complete(held, work);
        return ScoreSummary.Of(Directory.EnumerateFiles(folder, "*" + Extension).Where(path => IsTable(Path.GetFileNameWithoutExtension(path))).Order(StringComparer.Ordinal));
    }

    private static bool IsTable(string name) => name.Length >= 5 && name.All(char.IsAsciiDigit);

    private void Score(string folder, Action<long>? progress, CancellationToken cancellation)
    {
        var done = 0L;
        progress?.Invoke(done);
        foreach (var table in Tables(reader.Count ?? long.MaxValue))
        {
            var path = Path.Combine(folder, table.ToString("D5", CultureInfo.InvariantCulture) + Extension);
            var first = table * options.RowsPerTable;
            AtomicFile.DeleteLeftovers(path, TemporarySuffix);
            if (!File.Exists(path))
            {
                var before = done;
                var rows = Rows(first, row => progress?.Invoke(before + row), cancellation);
                if (rows.Count == 0)
                {
                    return; // behind the end of a source that did not say where it is
                }

                ScoreTable.Write(path, rows);
            }

            progress?.Invoke(done += Math.Min(options.RowsPerTable, (reader.Count ?? long.MaxValue) - first));
        }
    }

    /// <summary>Numbers of this part's tables.</summary>
    private IEnumerable<long> Tables(long entries)
    {
        for (var table = options.Part - 1L; table < entries / options.RowsPerTable || (table == entries / options.RowsPerTable && entries % options.RowsPerTable > 0); table += options.Parts)
        {
            yield return table;
        }
    }

    private List<PairScore> Rows(long first, Action<int> progress, CancellationToken cancellation)
    {
        var rows = new List<PairScore>();
        foreach (var (batch, embeddings) in OneAhead.Read(Send(reader.Read(first, cancellation).Take(options.RowsPerTable)), cancellation))
        {
            cancellation.ThrowIfCancellationRequested();
            rows.AddRange(batch.Scores(_encoder.Checked(embeddings, batch.Problems.Count(problem => problem is null)), _encoder.Dim));
            progress(rows.Count);
        }

        return rows;
    }

    /// <summary>Batches whose images the device is to embed; their captions are embedded already.</summary>
    private IEnumerable<(Batch Batch, PendingResult? Images)> Send(IEnumerable<SourcePair> pairs)
    {
        foreach (var chunk in pairs.Chunk(_encoder.BatchSize))
        {
            var problems = Array.ConvertAll(chunk, pair => pair.Problem?.Cause ?? (pair.Image.IsEmpty ? "not downloaded" : pair.Captions.Count == 0 ? "no caption" : null));
            int[] usable = [.. Enumerable.Range(0, chunk.Length).Where(i => problems[i] is null)];
            var (bad, images) = _encoder.Images([.. usable.Select(i => chunk[i].Image)]);
            foreach (var (place, i) in usable.Index())
            {
                problems[i] = bad[place]?.Cause;
            }

            var texts = _encoder.Texts([.. usable.Where(i => problems[i] is null).SelectMany(i => chunk[i].Captions)]);
            yield return (new Batch(Array.ConvertAll(chunk, pair => pair with { Image = default }), problems, texts), images);
        }
    }

    private SortedDictionary<string, string> Settings() => new(ItemEncoders.TextSettings(loaded), StringComparer.Ordinal)
    {
        ["weights"] = WeightFile.Hash(loaded.Model.Parameters),
        ["decoding"] = ImageDecoder.Rules,
        ["transform"] = loaded.Config.Eval.TransformName(),
        ["source"] = options.Source,
        ["source settings"] = string.Join(", ", options.SourceSettings.OrderBy(setting => setting.Key, StringComparer.Ordinal).Select(setting => $"{setting.Key} {setting.Value}")),
        ["entries"] = reader.Count?.ToString(CultureInfo.InvariantCulture) ?? "-",
        ["rows per table"] = options.RowsPerTable.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>A batch whose images are on their way.</summary>
    /// <param name="Pairs">Its entries, without their images.</param>
    /// <param name="Problems">Why each cannot be scored; null where it can.</param>
    /// <param name="Texts">Embeddings of the captions of those that can, one behind the other.</param>
    private sealed record Batch(SourcePair[] Pairs, string?[] Problems, float[] Texts)
    {
        /// <summary>The scores.</summary>
        /// <param name="images">Embeddings of the images that can be used.</param>
        /// <param name="dim">Their width.</param>
        public IEnumerable<PairScore> Scores(float[] images, int dim)
        {
            var (image, text) = (0, 0);
            foreach (var (pair, problem) in Pairs.Zip(Problems))
            {
                var (key, uid, url) = (Text(pair, "key") ?? pair.Key, Text(pair, "uid"), pair.Url ?? Text(pair, "url"));
                if (problem is not null)
                {
                    yield return new PairScore(key, uid, url, null, null, problem);
                    continue;
                }

                var (best, similarity) = (0, float.MinValue);
                for (var caption = 0; caption < pair.Captions.Count; caption++)
                {
                    var product = TensorPrimitives.Dot<float>(images.AsSpan(image * dim, dim), Texts.AsSpan(text++ * dim, dim));
                    (best, similarity) = product > similarity ? (caption, product) : (best, similarity);
                }

                image++;
                yield return new PairScore(key, uid, url, similarity, best, null);
            }
        }

        private static string? Text(SourcePair pair, string field) =>
            pair.Fields.TryGetValue(field, out var value) && value.ValueKind is JsonValueKind.String or JsonValueKind.Number ? value.ToString() : null;
    }
}
