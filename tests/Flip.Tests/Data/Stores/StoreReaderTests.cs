using Flip.Data.Stores;
using Flip.Io;

namespace Flip.Tests.Data.Stores;

/// <summary>Files of the network, and what servers do to them.</summary>
public sealed class StoreReaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly StoreDouble _store;
    private readonly byte[] _content = new byte[300_000];

    public StoreReaderTests()
    {
        new Random(1).NextBytes(_content);
        Directory.CreateDirectory(_folder.File("files"));
        File.WriteAllBytes(_folder.File("files/a.tar"), _content);
        _store = new StoreDouble(_folder.File("files"));
    }

    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_file_is_read_in_parts_and_as_a_whole(bool isS3)
    {
        using var reader = Reader();
        var address = Address(isS3);
        Assert.Equal(300_000, (await reader.StatAsync(address, default)).Length);
        var part = new byte[1000];
        await reader.ReadAsync(address, 12_345, part, default);
        Assert.Equal(_content.AsSpan(12_345, 1000).ToArray(), part);
        var whole = new MemoryStream();
        await reader.CopyAsync(address, whole, default);
        Assert.Equal(_content, whole.ToArray());
        Assert.Equal(3, _store.Requests.Count); // one look-up, one for each
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_passes_is_tried_again_and_a_server_is_given_the_time_it_asks_for(bool isS3)
    {
        _store.Fault = (n, _) => n switch { 0 => new(500), 1 => new(429, RetryAfter: 1), 2 => new(503, RetryAfter: 0), _ => null };
        using var reader = Reader();
        var started = DateTime.UtcNow;
        var part = new byte[5];
        await reader.ReadAsync(Address(isS3), 1, part, default);
        Assert.Equal(_content.AsSpan(1, 5).ToArray(), part);
        Assert.InRange((DateTime.UtcNow - started).TotalSeconds, 0.9, 30);
        Assert.Equal(4, _store.Requests.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_connection_that_is_cut_is_taken_up_where_it_broke(bool isS3)
    {
        _store.Fault = (n, _) => n is 1 or 2 ? new(CutAfter: 100_000) : n == 3 ? new(CutAfter: 10) : null;
        using var reader = Reader();
        var whole = new MemoryStream();
        await reader.CopyAsync(Address(isS3), whole, default);
        Assert.Equal(_content, whole.ToArray());
        Assert.All(_store.Requests.Skip(2), request => Assert.Contains("bytes=", request, StringComparison.Ordinal));
        Assert.True(_store.Requests.Count >= 5);
    }

    [Theory]
    [InlineData(false, 404)]
    [InlineData(true, 404)]
    [InlineData(false, 403)]
    [InlineData(true, 403)]
    [InlineData(false, 418)]
    public async Task What_stays_is_told_at_once_without_what_is_secret(bool isS3, int status)
    {
        _store.Fault = (_, _) => new(status);
        using var reader = Reader();
        var address = isS3 ? StoreDouble.S3("a.tar") : _store.Http("a.tar?X-Signature=secret");
        var error = await Assert.ThrowsAsync<StoreException>(() => reader.ReadAsync(address, 0, new byte[5], default));
        Assert.Contains($"{status}", error.Message, StringComparison.Ordinal);
        Assert.Contains("a.tar", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
        Assert.Equal(status is 403 or 404, error.IsMissing);
        Assert.Single(_store.Requests);
    }

    [Fact]
    public async Task A_server_that_fails_for_ever_is_given_up_with_its_last_answer()
    {
        _store.Fault = (_, _) => new(500);
        using var reader = new StoreReader(_store.Options(_folder.File("cache")) with { Retries = 3 });
        var error = await Assert.ThrowsAsync<StoreException>(() => reader.ReadAsync(Address(false), 0, new byte[5], default));
        Assert.Contains("500 InternalServerError. Tried several times.", error.Message, StringComparison.Ordinal);
        Assert.Equal(4, _store.Requests.Count);
    }

    [Fact]
    public async Task A_server_that_gives_no_parts_gives_the_whole_and_says_so_of_a_part()
    {
        _store.Fault = (_, _) => new(IgnoresRange: true);
        using var reader = Reader();
        var whole = new MemoryStream();
        await reader.CopyAsync(Address(false), whole, default);
        Assert.Equal(_content, whole.ToArray());
        var error = await Assert.ThrowsAsync<StoreException>(() => reader.ReadAsync(Address(false), 10, new byte[5], default));
        Assert.Contains("only as a whole", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_length_that_does_not_come_is_no_file()
    {
        _store.Fault = (_, _) => new(LengthOff: 7);
        using var reader = new StoreReader(_store.Options(_folder.File("cache")) with { Retries = 2, Patience = TimeSpan.FromSeconds(0.5) });
        await Assert.ThrowsAsync<StoreException>(() => reader.CopyAsync(Address(false), new MemoryStream(), default));
    }

    [Fact]
    public async Task A_server_that_is_silent_is_left()
    {
        _store.Fault = (n, _) => n == 0 ? new(Delay: TimeSpan.FromSeconds(3)) : null;
        using var reader = new StoreReader(_store.Options(_folder.File("cache")) with { Patience = TimeSpan.FromSeconds(0.3) });
        var part = new byte[5];
        await reader.ReadAsync(Address(false), 0, part, default);
        Assert.Equal(_content.AsSpan(0, 5).ToArray(), part);
    }

    [Fact]
    public async Task A_file_that_changes_while_it_is_read_is_an_error()
    {
        using var reader = Reader();
        await reader.ReadAsync(Address(false), 0, new byte[5], default);
        _content[7]++;
        File.WriteAllBytes(_folder.File("files/a.tar"), _content);
        var error = await Assert.ThrowsAsync<StoreException>(() => reader.ReadAsync(Address(false), 0, new byte[5], default));
        Assert.Contains("has changed while it was read", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_has_all_pages()
    {
        foreach (var i in Enumerable.Range(0, 25))
        {
            File.WriteAllText(_folder.File($"files/t-{i:D2}.tar"), "x");
        }

        _store.PageSize = 10;
        using var reader = Reader();
        var files = await reader.ListAsync(StoreDouble.S3("t-"), default);
        Assert.Equal(Enumerable.Range(0, 25).Select(i => StoreDouble.S3($"t-{i:D2}.tar")), files.Select(file => file.Address));
        Assert.Contains("Name the shards in braces", (await Assert.ThrowsAsync<StoreException>(() => reader.ListAsync(_store.Http("t-"), default))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_cache_keeps_what_was_used_last_within_its_bytes()
    {
        var files = new List<StoredFile>();
        var options = _store.Options(_folder.File("cache"));
        using var reader = Reader();
        var cache = new ShardCache(reader, options.Folder, 1000);
        foreach (var i in Enumerable.Range(0, 4))
        {
            File.WriteAllBytes(_folder.File($"files/{i}.tar"), new byte[300]);
            files.Add(await reader.StatAsync(_store.Http($"{i}.tar"), default));
        }

        for (var i = 0; i < 3; i++)
        {
            File.SetLastWriteTimeUtc(await cache.BringAsync(files[i], null, default), DateTime.UtcNow.AddHours(i - 10));
        }

        Assert.NotNull(cache.Find(files[0])); // and is so the youngest
        await cache.BringAsync(files[3], null, default);
        Assert.Equal([true, false, true, true], files.Select(file => cache.Find(file) is not null));
        Assert.Contains("the cache holds 1,000", (await Assert.ThrowsAsync<StoreException>(() => cache.BringAsync(files[0] with { Length = 1001 }, null, default))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_is_brought_once_however_many_want_it()
    {
        _store.Fault = (_, _) => new(Delay: TimeSpan.FromSeconds(0.1));
        using var reader = Reader();
        var file = await reader.StatAsync(Address(false), default);
        var paths = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => new ShardCache(reader, _folder.File("cache"), 1 << 20).BringAsync(file, null, default)));
        Assert.Single(paths.Distinct());
        Assert.Equal(_content, File.ReadAllBytes(paths[0]));
        Assert.Equal(2, _store.Requests.Count); // the look-up and one file
        Assert.DoesNotContain(Directory.EnumerateFiles(_folder.File("cache")), path => path.EndsWith(".part", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Many_that_bring_and_make_room_at_once_do_not_disturb_each_other()
    {
        for (var i = 0; i < 24; i++)
        {
            File.WriteAllBytes(_folder.File($"files/{i}.tar"), new byte[3000 + i]);
        }

        using var reader = Reader();
        for (var round = 0; round < 4; round++)
        {
            await Parallel.ForEachAsync(Enumerable.Range(0, 24), new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = TestContext.Current.CancellationToken }, async (i, token) =>
            {
                var file = await reader.StatAsync(_store.Http($"{i}.tar"), token);
                await new ShardCache(reader, _folder.File("cache"), 20_000).BringAsync(file, null, token);
            });
        }

        Assert.InRange(Directory.EnumerateFiles(_folder.File("cache"), "*.shard").Count(), 1, 24);
        Assert.Empty(Directory.EnumerateFiles(_folder.File("cache"), "*.part"));
    }

    [Fact]
    public async Task What_has_another_hash_than_the_index_says_is_not_kept()
    {
        using var reader = Reader();
        var file = await reader.StatAsync(Address(false), default);
        var cache = new ShardCache(reader, _folder.File("cache"), 1 << 20);
        await Assert.ThrowsAsync<StoreException>(() => cache.BringAsync(file, new string('0', 64), default));
        Assert.Null(cache.Find(file));
        Assert.NotNull(await cache.BringAsync(file, FileDigest.Of(_folder.File("files/a.tar")).Sha256, default));
    }

    private StoreReader Reader() => new(_store.Options(_folder.File("cache")));

    private string Address(bool isS3) => isS3 ? StoreDouble.S3("a.tar") : _store.Http("a.tar");
}
