using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Flip.Io;

namespace Flip.Data.Scenes;

/// <summary>
/// The embedded data set in a folder: WebDataset shards of JPEG pictures. <c>train-*.tar</c> and <c>retrieval-*.tar</c> hold captions
/// (<c>.txt</c> the first, <c>.json</c> all), <c>heldout-*.tar</c> and <c>seen-*.tar</c> class labels (<c>.cls</c>). All have questions with answers (<c>.json</c>).
/// </summary>
public sealed partial class SceneDataset
{
    // About 4 MB of 64-pixel pictures.
    private const int ShardSize = 1000;

    private const string TemporarySuffix = ".scenes.tmp";

    private static readonly SceneSplit[] Splits = Enum.GetValues<SceneSplit>();

    private readonly string _folder;
    private readonly SceneManifest _manifest;

    private SceneDataset(string folder, SceneManifest manifest)
    {
        _folder = folder;
        _manifest = manifest;
    }

    /// <summary>Shards to train on, as a brace pattern.</summary>
    public string Train => Pattern(SceneSplit.Train);

    /// <summary>Captioned shards of unseen scenes of two or three objects, as a brace pattern.</summary>
    public string Retrieval => Pattern(SceneSplit.Retrieval);

    /// <summary>Labelled shards of color-background pairs that training never shows, as a brace pattern.</summary>
    public string HeldOut => Pattern(SceneSplit.HeldOut);

    /// <summary>Labelled shards of pairs that training shows, as a brace pattern.</summary>
    public string Seen => Pattern(SceneSplit.Seen);

    /// <summary>
    /// Names of all color-background pairs, the classes of both labelled sets: a model has to prefer a pair it was never shown to those
    /// it was.
    /// </summary>
    public string ClassNames => Path.Combine(_folder, "classes.json");

    /// <summary>Prompt templates in the captions' own words, one a line.</summary>
    public string Templates => Path.Combine(_folder, "templates.txt");

    /// <summary>
    /// Makes the data set in a folder, or takes what is there if it was made by the same parameters. The files are a function of the
    /// parameters, whatever the number of processors.
    /// </summary>
    /// <param name="folder">A folder that is new, empty, or of an earlier call; anything else is left alone.</param>
    /// <param name="trainCount">Pictures to train on, at least 1.</param>
    /// <param name="evalCount">Pictures of each of the three evaluation sets, at least 1.</param>
    /// <param name="seed">Seed of all scenes.</param>
    /// <param name="imageSize">Height and width of the pictures, pixels, at least 32.</param>
    /// <param name="progress">Receives the number of pictures that are done.</param>
    /// <param name="cancellation">Stops between shards; the next call starts over.</param>
    /// <exception cref="IOException">The folder holds other files, or cannot be written.</exception>
    /// <exception cref="ForeignEntryException">One of the files is a link, or none.</exception>
    public static SceneDataset Write(
        string folder,
        int trainCount,
        int evalCount,
        ulong seed,
        int imageSize = 64,
        Action<long>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(trainCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(evalCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(imageSize, 32);
        var manifest = new SceneManifest(SceneManifest.CurrentVersion, seed, trainCount, evalCount, imageSize, Complete: true);
        var dataset = new SceneDataset(folder, manifest);
        OwnEntries.Require(folder, [SceneManifest.FileName, .. dataset.Files().Select(file => Path.GetFileName(file))]);
        if (SceneManifest.Read(folder) != manifest || !dataset.Files().All(File.Exists))
        {
            dataset.WriteAll(progress, cancellation);
        }

        progress?.Invoke(Splits.Sum(split => (long)dataset.CountOf(split)));
        return dataset;
    }

    private void WriteAll(Action<long>? progress, CancellationToken cancellation)
    {
        MakeRoom();
        WriteWhole(SceneManifest.FileName, stream => stream.Write((_manifest with { Complete = false }).ToBytes()));
        WriteWhole(Path.GetFileName(ClassNames), stream => stream.Write(ClassNamesJson()));
        WriteWhole(
            Path.GetFileName(Templates),
            stream => stream.Write(Encoding.UTF8.GetBytes(string.Concat(SceneCaptions.Templates.Select(template => template + "\n")))));
        var done = 0L;
        foreach (var split in Splits)
        {
            var shards = new SceneShardWriter(_manifest.Seed, split, _manifest.ImageSize);
            for (var first = 0; first < CountOf(split); first += ShardSize)
            {
                cancellation.ThrowIfCancellationRequested();
                var count = Math.Min(ShardSize, CountOf(split) - first);
                WriteWhole(ShardName(split, first / ShardSize), stream => shards.Write(stream, first, count));
                progress?.Invoke(done += count);
            }
        }

        WriteWhole(SceneManifest.FileName, stream => stream.Write(_manifest.ToBytes()));
    }

    /// <summary>Removes the shards of an earlier call with other parameters.</summary>
    private void MakeRoom()
    {
        Directory.CreateDirectory(_folder);
        if (!File.Exists(Path.Combine(_folder, SceneManifest.FileName))
            && Directory.EnumerateFileSystemEntries(_folder).Any(path => !IsUnfinished(path)))
        {
            throw new IOException($"The folder '{_folder}' holds files that are no scenes; choose another, or empty it.");
        }

        foreach (var file in Directory.EnumerateFiles(_folder).Where(path => IsUnfinished(path) || OwnShard().IsMatch(Path.GetFileName(path))))
        {
            File.Delete(file);
        }
    }

    /// <summary>Whether a file was left by a process that was killed while it wrote.</summary>
    private static bool IsUnfinished(string path) => path.EndsWith(TemporarySuffix, StringComparison.Ordinal);

    [GeneratedRegex(@"\A(train|retrieval|heldout|seen)-[0-9]{4,}\.tar\z")]
    private static partial Regex OwnShard();

    /// <summary>The form of ImageNet's class lists: one object for each label, in order.</summary>
    private static byte[] ClassNamesJson() => JsonSerializer.SerializeToUtf8Bytes(
        SceneCombinations.All.Select((pair, label) => new { label, names = new[] { SceneCombinations.Name(pair.Color, pair.Background) } }));

    private IEnumerable<string> Files() => Splits
        .SelectMany(split => Enumerable.Range(0, ShardCount(split)).Select(i => Path.Combine(_folder, ShardName(split, i))))
        .Append(ClassNames)
        .Append(Templates);

    private int CountOf(SceneSplit split) => split == SceneSplit.Train ? _manifest.TrainCount : _manifest.EvalCount;

    private int ShardCount(SceneSplit split) => ((CountOf(split) - 1) / ShardSize) + 1;

    private string Pattern(SceneSplit split)
    {
        var last = (ShardCount(split) - 1).ToString("D4", CultureInfo.InvariantCulture);
        return Path.Combine(_folder, $"{NameOf(split)}-{{0000..{last}}}.tar");
    }

    private static string ShardName(SceneSplit split, int index) =>
        $"{NameOf(split)}-{index.ToString("D4", CultureInfo.InvariantCulture)}.tar";

    private static string NameOf(SceneSplit split) => split.ToString().ToLowerInvariant();

    private void WriteWhole(string name, Action<Stream> write) => AtomicFile.Write(Path.Combine(_folder, name), write, TemporarySuffix);
}
