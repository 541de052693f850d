using System.Text;
using Flip.Data.Shards;

namespace Flip.Tests.Data.Shards;

public sealed class ShardFilesTests : IDisposable
{
    private readonly TestShards _shards = new();

    public void Dispose() => _shards.Dispose();

    [Fact]
    public void Many_files_are_read_from_many_threads_with_few_open()
    {
        var paths = Enumerable.Range(0, 20).Select(i => _shards.Path($"{i}.tar")).ToArray();
        foreach (var (i, path) in paths.Index())
        {
            File.WriteAllText(path, $"content {i:D3}");
        }

        using var files = new ShardFiles(paths, maxOpen: 3);
        Parallel.For(0, 2000, i =>
        {
            var buffer = new byte[3];
            files.Read(i * 7 % 20, 8, buffer);
            Assert.Equal($"{i * 7 % 20:D3}", Encoding.ASCII.GetString(buffer));
        });
    }

    [Fact]
    public async Task A_file_that_opens_slowly_keeps_only_its_own_readers_waiting()
    {
        var paths = Enumerable.Range(0, 4).Select(i => _shards.Path($"{i}.tar")).ToArray();
        Array.ForEach(paths, path => File.WriteAllText(path, "content"));
        using var opens = new ManualResetEventSlim();
        var opened = 0;
        using var files = new ShardFiles(paths, maxOpen: 2, path =>
        {
            if (path == paths[0])
            {
                Interlocked.Increment(ref opened);
                Assert.True(opens.Wait(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
            }

            return File.OpenHandle(path);
        });
        var slow = Enumerable.Range(0, 3).Select(_ => Task.Run(() => files.Read(0, 0, new byte[4]), TestContext.Current.CancellationToken)).ToArray();
        SpinWait.SpinUntil(() => Volatile.Read(ref opened) > 0);
        for (var i = 0; i < 30; i++)
        {
            files.Read(1 + (i % 3), 0, new byte[4]);
        }

        Assert.All(slow, reader => Assert.False(reader.IsCompleted));
        opens.Set();
        await Task.WhenAll(slow);
        Assert.Equal(1, opened);
    }

    [Fact]
    public void A_file_that_could_not_be_opened_is_tried_again()
    {
        var path = _shards.Path("late.tar");
        using var files = new ShardFiles([path]);
        Assert.Throws<IOException>(() => files.Read(0, 0, new byte[1]));
        File.WriteAllText(path, "content");
        files.Read(0, 0, new byte[1]);
    }

    [Fact]
    public void A_missing_and_a_shortened_file_are_named()
    {
        var path = _shards.Path("short.tar");
        File.WriteAllText(path, "12345");
        using var files = new ShardFiles([path, _shards.Path("gone.tar")]);
        Assert.Contains(
            "short.tar' is shorter",
            Assert.Throws<EndOfStreamException>(() => files.Read(0, 3, new byte[5])).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "gone.tar' cannot be opened",
            Assert.Throws<IOException>(() => files.Read(1, 0, new byte[1])).Message,
            StringComparison.Ordinal);
    }
}
