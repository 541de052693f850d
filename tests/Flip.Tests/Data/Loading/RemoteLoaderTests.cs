using Flip.Data;
using Flip.Data.Loading;
using Flip.Data.Order;
using Flip.Data.Shards;
using Flip.Data.Stores;
using Flip.Io;
using Flip.Tests.Data.Stores;

namespace Flip.Tests.Data.Loading;

/// <summary>A training that reads shards of the network reads what it would read of files.</summary>
public sealed class RemoteLoaderTests : IDisposable
{
    private static readonly CharTokenizer Tokenizer = new();

    private readonly TemporaryFolder _folder = new();
    private readonly TestShards _shards = new();
    private readonly StoreDouble _store;
    private readonly string[] _paths;

    public RemoteLoaderTests()
    {
        _paths = _shards.WritePairs(30, 5, 40, 17, 26, 33);
        _store = new StoreDouble(_shards.Folder);
    }

    public void Dispose()
    {
        _store.Dispose();
        _shards.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(true, 1L << 30, 2)]
    [InlineData(false, 1L << 30, 0)]
    [InlineData(true, 0, 2)] // by requests alone
    [InlineData(false, 120_000, 2)] // the cache has room for little more than one window
    [InlineData(true, 30_000, 3)] // and here for less than one
    public void Batches_are_those_of_files(bool isS3, long cacheBytes, int window)
    {
        WriteIndex();
        var options = new BatchLoaderOptions { TextLength = 12, Seed = 5, ShuffleShards = window, BatchSize = 16, Workers = 3 };
        using var remote = new RemoteFiles(_store.Options(_folder.File("cache"), cacheBytes));
        Assert.Equal(Sequence(DataSetIndex.Open(_paths), options), Sequence(Open(isS3, remote), options));
        Assert.Equal(Sequence(DataSetIndex.Open(_paths), options with { Start = 77 }), Sequence(Open(isS3, remote), options with { Start = 77 })); // a resume, with a warm cache
    }

    [Fact]
    public void Faults_of_the_store_lose_nothing_and_repeat_nothing()
    {
        WriteIndex();
        var random = new Random(3);
        _store.Fault = (_, _) =>
        {
            lock (random)
            {
                return random.Next(10) switch { 0 => new(500), 1 => new(429, RetryAfter: 0), 2 => new(CutAfter: 100), 3 => new(503), _ => null };
            }
        };
        var options = new BatchLoaderOptions { TextLength = 12, Seed = 5, ShuffleShards = 2, BatchSize = 16, Workers = 3 };
        using var remote = new RemoteFiles(_store.Options(_folder.File("cache"), 120_000) with { Retries = 30 });
        Assert.Equal(Sequence(DataSetIndex.Open(_paths), options), Sequence(Open(true, remote), options));
    }

    [Fact]
    public void A_look_at_a_few_pairs_brings_no_shard()
    {
        WriteIndex();
        using var remote = new RemoteFiles(_store.Options(_folder.File("cache"), cacheBytes: 1L << 30));
        using (var loader = new BatchLoader(Open(true, remote), new CaptionReader(), Tokenizer, new FakeTransform(), new() { TextLength = 12, Workers = 1 }))
        {
            loader.Next(5);
        }

        Assert.InRange(_store.Requests.Count(request => request.Contains(".tar", StringComparison.Ordinal)), 5, 30); // sizes and members; no whole shard
        Assert.DoesNotContain(Directory.Exists(_folder.File("cache")) ? Directory.EnumerateFiles(_folder.File("cache"), "*", SearchOption.AllDirectories) : [], file => new FileInfo(file).Length > 10_000);
    }

    [Fact]
    public void A_sample_whose_shard_is_not_there_yet_is_one_request()
    {
        WriteIndex();
        using var remote = new RemoteFiles(_store.Options(_folder.File("cache"), cacheBytes: 0));
        using var loader = new BatchLoader(Open(true, remote), new CaptionReader(), Tokenizer, new FakeTransform(), new() { TextLength = 12, BatchSize = 50, PrefetchBatches = 1, Workers = 1 });
        loader.Next(50);
        var samples = _store.Requests.Count(request => request.Contains(".tar bytes=", StringComparison.Ordinal));
        Assert.InRange(samples, 50, 150); // the next batch is asked for too; where a loader's thread is quicker, image and caption are two
        Assert.DoesNotContain(_store.Requests, request => request.EndsWith(".tar ", StringComparison.Ordinal));
    }

    [Fact]
    public void A_training_that_reads_files_of_the_cache_asks_the_store_no_more()
    {
        WriteIndex();
        var options = new BatchLoaderOptions { TextLength = 12, BatchSize = 16, Workers = 2 };
        using (var first = new RemoteFiles(_store.Options(_folder.File("cache"))))
        {
            Open(true, first).Shards.ToList().ForEach(shard => Assert.True(File.Exists(shard.LocalPath)));
        }

        _store.Requests.Clear();
        using var remote = new RemoteFiles(_store.Options(_folder.File("cache")));
        var index = Open(true, remote);
        foreach (var shard in index.Shards)
        {
            Assert.True(RemoteFiles.Wait(remote.IsCachedAsync(shard.Path, default)));
        }

        Sequence(index, options);
        Assert.DoesNotContain(_store.Requests, request => request.StartsWith("GET", StringComparison.Ordinal) && request.Contains(".tar", StringComparison.Ordinal));
    }

    [Fact]
    public void The_statistics_of_img2dataset_tell_how_many_samples_a_shard_has()
    {
        foreach (var (path, count) in _paths.Zip([30, 5, 40, 17, 26, 33]))
        {
            File.WriteAllText(Path.ChangeExtension(path, null) + "_stats.json", $$"""{"count": 50, "successes": {{count}}, "status_dict": {"success": {{count}} } }""");
        }

        using var remote = new RemoteFiles(_store.Options(_folder.File("cache")));
        var index = Open(true, remote);
        Assert.Equal(151, index.Count);
        Assert.DoesNotContain(_store.Requests, request => request.Contains(".tar", StringComparison.Ordinal)); // no shard was touched
        var options = new BatchLoaderOptions { TextLength = 12, BatchSize = 16 };
        Assert.Equal(Sequence(DataSetIndex.Open(_paths), options), Sequence(index, options));
    }

    [Fact]
    public void Statistics_that_promise_too_many_samples_cost_those_alone()
    {
        File.WriteAllText(Path.ChangeExtension(_paths[1], null) + "_stats.json", """{"successes": 7}""");
        using var remote = new RemoteFiles(_store.Options(_folder.File("cache")));
        var index = DataSetIndex.Open([StoreDouble.S3(Path.GetFileName(_paths[1]))], new ShardAccess(remote));
        using var loader = new BatchLoader(index, new CaptionReader(), Tokenizer, new FakeTransform(), new() { TextLength = 12, MaxBadShare = 1 });
        loader.Next(7);
        Assert.Equal("missing sample", Assert.Single(loader.BadSamples).Key);
    }

    [Fact]
    public void Shards_of_which_nothing_is_known_are_brought_where_they_fit_and_else_need_an_index()
    {
        using (var remote = new RemoteFiles(_store.Options(_folder.File("cache"))))
        {
            Assert.Equal(151, Open(false, remote).Count);
        }

        using var small = new RemoteFiles(_store.Options(_folder.File("cache"), 30_000));
        var error = Assert.Throws<ConfigException>(() => Open(false, small));
        Assert.Contains("Make the index once: flip data index", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Patterns_name_shards_of_the_network()
    {
        using var remote = new RemoteFiles(_store.Options(_folder.File("cache")));
        string[] all = [.. _paths.Select(path => StoreDouble.S3(Path.GetFileName(path)))];
        Assert.Equal(all, ShardPattern.Expand(StoreDouble.S3("train-{0000..0005}.tar")));
        Assert.Equal(all, ShardPattern.Expand(StoreDouble.S3("train-*.tar"), remote: remote));
        Assert.Equal(all, ShardPattern.Expand(StoreDouble.S3(""), remote: remote));
        Assert.Equal([all[1], _paths[0]], ShardPattern.Expand($"{all[1]}, {_paths[0]}", remote: remote));
        Assert.Equal(["https://host/a.tar?sig=1"], ShardPattern.Expand("https://host/a.tar?sig=1"));
        Assert.Contains("No .tar shard matches", Assert.Throws<ConfigException>(() => ShardPattern.Expand(StoreDouble.S3("x*"), remote: remote)).Message, StringComparison.Ordinal);
        Assert.Contains("a web server lists no files", Assert.Throws<ConfigException>(() => ShardPattern.Expand(_store.Http("*.tar"), remote: remote)).Message, StringComparison.Ordinal);
        Assert.Contains("is not a .tar shard", Assert.Throws<ConfigException>(() => ShardPattern.Expand("https://host/a.zip")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_order_names_shards_window_by_window()
    {
        var order = new SampleOrder([3, 0, 5, 2, 4], 1, 2);
        var all = order.ShardsFrom(0, 0).Take(10).ToList();
        Assert.Equal([0, 1, 2, 3, 4], all[..5].Select(next => next.Shard).Order());
        Assert.Equal((14, 28), (all[4].End, all[9].End));
        for (var position = 0; position < 28; position++)
        {
            var window = order.ShardsFrom(0, position).TakeWhile((next, i) => next.End == order.ShardsFrom(0, position).First().End).ToList();
            Assert.True(position < window[0].End);
            Assert.Contains(window, next => next.Shard == ShardOf(order.At(position).Sample));
        }

        static int ShardOf(long sample) => sample < 3 ? 0 : sample < 8 ? 2 : sample < 10 ? 3 : 4;
    }

    private DataSetIndex Open(bool isS3, RemoteFiles remote) => DataSetIndex.Open(
        [.. _paths.Select(path => isS3 ? StoreDouble.S3(Path.GetFileName(path)) : _store.Http(Path.GetFileName(path)))], new ShardAccess(remote));

    private void WriteIndex() => ShardIndexFile.Write(_shards.Path(ShardIndexFile.FileName), _paths.Select(path =>
    {
        using var file = ShardReader.Open(path);
        return (ShardReader.Read(path), Path.GetFileName(path), file.Length, ShardEdges.Of(file), (string?)FileDigest.Of(path).Sha256);
    }));

    private static List<string> Sequence(DataSetIndex index, BatchLoaderOptions options)
    {
        using var loader = new BatchLoader(index, new CaptionReader(), Tokenizer, new FakeTransform(), options);
        return [.. Enumerable.Range(0, 25).SelectMany(_ =>
        {
            var batch = loader.Next(16);
            return Enumerable.Range(0, 16).Select(row => $"{batch.Samples[row]} {batch.Epochs[row]} {FakeTransform.TextOf(batch.Images, row)} "
                + Tokenizer.Decode(batch.Tokens[(row * 12)..((row + 1) * 12)])).ToList();
        })];
    }
}
