using System.Diagnostics;
using System.Text;
using Flip.Data.Loading;
using Flip.Data.Shards;
using Flip.Tests;
using Flip.Tests.Data;

namespace Flip.SlowTests.Data;

/// <summary>Very many samples: a shard of ten thousand under many names.</summary>
[Collection(Alone.Name)]
public sealed class ManySamplesTests(ITestOutputHelper output) : IDisposable
{
    private const int ShardSamples = 10_000;

    /// <summary>FLIP_TEST_SHARDS=100 makes it a million samples.</summary>
    private static readonly int Shards = int.TryParse(Environment.GetEnvironmentVariable("FLIP_TEST_SHARDS"), out var shards) ? shards : 20;

    private const int MostBytes = 16; // of a sample

    private readonly TemporaryFolder _folder = TemporaryFolder.InMemory();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Very_many_samples_open_by_headers_and_by_an_index_in_16_bytes_each_and_begin_anywhere()
    {
        var first = _folder.File("00000.tar");
        ShardWriter.Write(first, shard =>
        {
            for (var i = 0; i < ShardSamples; i++)
            {
                var key = $"{i:D9}";
                shard.Add(key, ("jpg", Encoding.ASCII.GetBytes($"image {i}".PadRight(700 + (i % 500)))), ("txt", Encoding.ASCII.GetBytes($"caption {i}")), ("json", Encoding.ASCII.GetBytes($$"""{"key": "{{key}}"}""")));
            }
        });
        var paths = Enumerable.Range(0, Shards).Select(i => _folder.File($"{i:D5}.tar")).ToList();
        paths.Skip(1).ToList().ForEach(path => File.CreateSymbolicLink(path, first));

        var before = GC.GetTotalMemory(forceFullCollection: true);
        var scanned = Timed("opened by headers", () => DataSetIndex.Open(paths));
        Assert.Equal(Shards * ShardSamples, scanned.Count);
        Assert.InRange((GC.GetTotalMemory(forceFullCollection: true) - before) / (double)scanned.Count, 0, MostBytes);
        Timed("indexed", () => new ShardIndexing().Run(paths));
        var indexed = Timed("opened by the index", () => DataSetIndex.Open(paths));
        var random = new Random(1);
        for (var i = 0; i < 1000; i++)
        {
            var sample = random.Next(Shards * ShardSamples);
            Assert.Equal(scanned.Find(sample), indexed.Find(sample));
        }

        GC.KeepAlive(scanned);
        foreach (var start in (long[])[0, 99_999, 123_456_789])
        {
            var options = new BatchLoaderOptions { TextLength = 16, Start = start, BatchSize = 4, PrefetchBatches = 1 };
            using var loader = Timed($"begun at {start}", () => new BatchLoader(indexed, new CaptionReader(), new CharTokenizer(), new FakeTransform(), options));
            var batch = Timed("read a batch", () => loader.Next(4));
            Assert.All(Enumerable.Range(0, 4), row => Assert.Equal($"image {batch.Samples[row] % ShardSamples}", FakeTransform.TextOf(batch.Images, row).Trim()));
        }
    }

    private T Timed<T>(string what, Func<T> work)
    {
        var started = Stopwatch.GetTimestamp();
        var result = work();
        output.WriteLine($"{what}: {Stopwatch.GetElapsedTime(started).TotalSeconds:0.000} s");
        return result;
    }
}
