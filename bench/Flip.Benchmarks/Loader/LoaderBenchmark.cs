using System.Diagnostics;
using System.Globalization;
using Flip.Config;
using Flip.Data.Images;
using Flip.Data.Loading;
using Flip.Data.Shards;
using Flip.Tokenizers;

namespace Flip.Benchmarks.Loader;

/// <summary>
/// Times decoding, the training transform and the whole loader on the first photos of a data set, and Pillow on the same photos, crops and size.
/// The tasks take turns, so that a machine that slows down slows them all; what is shown is the median of the rounds.
/// </summary>
internal sealed class LoaderBenchmark : IDisposable
{
    public const string Header = """
        | photos | task | images/s | core ms per image | against Pillow, core time | KB allocated per image |
        |---|---|---:|---:|---:|---:|
        """;

    private const int BatchSize = 16;
    private const int TextLength = 32;

    private readonly DataSetIndex _index;
    private readonly int _size;
    private readonly int _workers;
    private readonly List<byte[]> _photos;
    private readonly PillowProcess? _pillow;
    private readonly TrainTransform _whole;
    private readonly TrainTransform _reduced;
    private readonly ITokenizer _tokenizer;
    private readonly byte[] _pixels;

    /// <param name="index">The data set.</param>
    /// <param name="size">Height and width of the result.</param>
    /// <param name="workers">Threads of the whole loader; 0 takes the processor count.</param>
    /// <param name="count">Photos in a pass, at most.</param>
    /// <param name="python">A Python that has Pillow; null compares with nothing.</param>
    public LoaderBenchmark(DataSetIndex index, int size, int workers, int count, string? python)
    {
        (_index, _size, _workers) = (index, size, workers);
        _photos = ShardPhotos.First(index, count);
        _whole = new TrainTransform(size, 0.5, 0.5, seed: 0, reducedDecoding: false);
        _reduced = new TrainTransform(size, 0.5, 0.5, seed: 0);
        _tokenizer = TokenizerFactory.Create(new DataConfig(), () => index.ReadCaptions(new CaptionReader()));
        _pixels = new byte[size * size * 3];
        _pillow = python is null ? null : new PillowProcess(python, _photos, [.. _photos.Select(Crop)], size);
    }

    /// <summary>Measures.</summary>
    /// <param name="name">What the photos are called in the table.</param>
    /// <param name="rounds">Passes of each task.</param>
    /// <returns>Lines of the table.</returns>
    public IEnumerable<string> Run(string name, int rounds)
    {
        using var decoded = ImageDecoder.Decode(_photos[0]);
        (string Name, string? Pillow, Func<Measure> Run)[] tasks =
        [
            ("read the header", null, () => Pass((photo, _) => ImageDecoder.ReadSize(photo))),
            ("decode", "decode", () => Pass((photo, _) => ImageDecoder.Decode(photo).Dispose())),
            ("crop and resize, decoded before", null, () => Pass((_, i) => _whole.Apply(decoded, 0, i, _pixels))),
            ("transform, whole decoding", "transform", () => Pass((photo, i) => _whole.Apply(photo, 0, i, _pixels))),
            ("transform", "transform", () => Pass((photo, i) => _reduced.Apply(photo, 0, i, _pixels))),
            ($"loader, {(_workers == 0 ? Environment.ProcessorCount : _workers)} workers", null, Loader),
        ];
        string[] others = _pillow is null ? [] : ["decode", "transform", "draft"];
        var ours = tasks.ToDictionary(task => task.Name, _ => new List<Measure>());
        var theirs = others.ToDictionary(task => task, _ => new List<Measure>());
        for (var round = -1; round < rounds; round++)
        {
            foreach (var task in tasks)
            {
                Keep(ours[task.Name], round, task.Run());
            }

            foreach (var task in others)
            {
                var (cpu, clock) = _pillow!.Run(task);
                Keep(theirs[task], round, new Measure(cpu / _photos.Count, clock / _photos.Count, null));
            }
        }

        var bytes = _photos.Average(photo => photo.Length) / 1000;
        var label = string.Create(CultureInfo.InvariantCulture, $"{name}, {bytes:0} kB");
        foreach (var task in tasks)
        {
            yield return Row(label, task.Name, ours[task.Name], task.Pillow is { } other && _pillow is not null ? theirs[other] : null);
        }

        foreach (var task in others)
        {
            yield return Row(label, $"Pillow {_pillow!.Version}: {task}", theirs[task], null);
        }
    }

    public void Dispose() => _pillow?.Dispose();

    private CropBox Crop(byte[] photo, int sample)
    {
        var (width, height) = ImageDecoder.ReadSize(photo);
        return _reduced.Draw(width, height, 0, sample).Crop;
    }

    private Measure Pass(Action<byte[], int> task) => Timed(_photos.Count, () =>
    {
        for (var i = 0; i < _photos.Count; i++)
        {
            task(_photos[i], i);
        }
    });

    /// <summary>The loader in its stride: as many batches are ahead at the end of the time as at its beginning.</summary>
    private Measure Loader()
    {
        var options = new BatchLoaderOptions { TextLength = TextLength, Workers = _workers, BatchSize = BatchSize };
        using var loader = new BatchLoader(_index, new CaptionReader(), _tokenizer, _reduced, options);
        var batches = Math.Max(4, 2 * _photos.Count / BatchSize);
        Take(batches / 2);
        return Timed(batches * BatchSize, () => Take(batches));

        void Take(int count)
        {
            for (var i = 0; i < count; i++)
            {
                loader.Next(BatchSize);
            }
        }
    }

    private static Measure Timed(int images, Action work)
    {
        var bytes = GC.GetTotalAllocatedBytes(precise: true);
        var cpu = Environment.CpuUsage.TotalTime;
        var clock = Stopwatch.StartNew();
        work();
        var (seconds, cpuSeconds) = (clock.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds);
        return new Measure(cpuSeconds / images, seconds / images, (GC.GetTotalAllocatedBytes(precise: true) - bytes) / (double)images);
    }

    /// <summary>The first round warms up.</summary>
    private static void Keep(List<Measure> measures, int round, Measure measure)
    {
        if (round >= 0)
        {
            measures.Add(measure);
        }
    }

    private static string Row(string photos, string task, List<Measure> measures, List<Measure>? pillow)
    {
        var cpu = Median(measures, m => m.Cpu);
        var ratio = pillow is null ? "" : string.Create(CultureInfo.InvariantCulture, $"{Median(pillow, m => m.Cpu) / cpu:0.00}x");
        var allocated = measures[0].Bytes is null
            ? ""
            : string.Create(CultureInfo.InvariantCulture, $"{Median(measures, m => m.Bytes!.Value) / 1000:0.0}");
        return string.Create(
            CultureInfo.InvariantCulture, $"| {photos} | {task} | {1 / Median(measures, m => m.Clock):0} | {cpu * 1000:0.00} | {ratio} | {allocated} |");
    }

    private static double Median(List<Measure> measures, Func<Measure, double> value) =>
        measures.Select(value).Order().ElementAt(measures.Count / 2);

    /// <summary>One pass, by image.</summary>
    private sealed record Measure(double Cpu, double Clock, double? Bytes);
}
