using Flip.Data;
using Flip.Tests.Data.Images;

namespace Flip.Tests.Data;

public sealed class ContentHashesTests : IDisposable
{
    private static readonly DateTime LongAgo = new(2020, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    private readonly ImageFolderFixture _files = new();
    private readonly TemporaryFolder _kept = new();
    private int _computed;

    public void Dispose()
    {
        _files.Dispose();
        _kept.Dispose();
    }

    [Fact]
    public void Hashes_are_those_of_BLAKE3()
    {
        var abc = Write("abc", "abc"u8);
        var empty = Write("empty", []);
        Assert.Equal(
            ["6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85", "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262", ContentHashes.None],
            Hashes().Of([abc, empty, _files.File("nothing")]));
        Assert.Equal(Hashes().Of([abc])[0], ContentHashes.Of("abc"u8));
        var large = Write("large", Enumerable.Range(0, 3_000_000).Select(i => (byte)(i * i >> 3)).ToArray());
        Assert.Equal(ContentHashes.Of(File.ReadAllBytes(large)), Hashes().Of([large])[0]);
    }

    [Fact]
    public void A_file_is_hashed_once_for_all_objects_with_the_same_folder()
    {
        string[] files = [Write("a", [1]), Write("b/c", [1, 2])];
        var first = Hashes().Of(files);
        Assert.Equal(2, _computed);
        Assert.Equal(first, Hashes().Of(files));
        Assert.Equal(2, _computed);
        Thread.Sleep(20);
        Write("a", [9]); // of the same length and time
        Assert.NotEqual(first[0], Hashes().Of(files)[0]);
        Assert.Equal(3, _computed);
    }

    [Fact]
    public void A_touched_file_is_hashed_again_to_the_same()
    {
        var file = Write("a", [1]);
        var first = Hashes().Of([file]);
        File.SetLastWriteTimeUtc(file, LongAgo.AddSeconds(1));
        Assert.Equal(first, Hashes().Of([file]));
        Assert.Equal(2, _computed);
    }

    [Fact]
    public void A_file_put_in_the_place_of_another_with_its_length_and_time_is_another()
    {
        var file = Write("a", [1]);
        var first = Hashes().Of([file]);
        Thread.Sleep(20); // file systems tell times of some milliseconds apart
        File.Move(Write("b", [2]), file, overwrite: true);
        Assert.Equal(LongAgo, File.GetLastWriteTimeUtc(file));
        Assert.NotEqual(first, Hashes().Of([file]));
        Assert.SkipUnless(OperatingSystem.IsLinux(), "elsewhere the time of creation stands for that of change");
        Thread.Sleep(20);
        Write("a", [3]);
        Assert.Equal([ContentHashes.Of([3])], Hashes().Of([file]));
    }

    [Fact]
    public void What_has_just_been_written_is_hashed_again_for_a_second_write_may_have_the_same_time()
    {
        var file = Write("a", [1]);
        ContentHashes Now() => new(_kept.Path, (_, _) => Interlocked.Increment(ref _computed));
        Now().Of([file]);
        Now().Of([file]);
        Assert.Equal(2, _computed);
    }

    [Theory]
    [InlineData("[1, 2]")]
    [InlineData("""{"a": null}""")]
    [InlineData("""{"a": {"length": 1}}""")]
    [InlineData("\0")]
    public void Damage_of_what_is_kept_costs_a_computation(string damage)
    {
        var file = Write("a", [1]);
        var first = Hashes().Of([file]);
        File.WriteAllText(Assert.Single(Directory.GetFiles(_kept.Path)), damage);
        Assert.Equal(first, Hashes().Of([file]));
        Assert.Equal(2, _computed);
    }

    [Fact]
    public void A_link_has_the_hash_of_its_target_and_changes_with_it()
    {
        var target = Write("target", [1]);
        File.CreateSymbolicLink(_files.File("link"), target);
        Assert.Equal(Hashes().Of([target]), Hashes().Of([_files.File("link")]));
        Thread.Sleep(20);
        Write("target", [2]);
        Assert.Equal(ContentHashes.Of([2]), Hashes().Of([_files.File("link")])[0]);
        File.CreateSymbolicLink(_files.File("circle"), _files.File("circle"));
        Assert.Equal([ContentHashes.None], Hashes().Of([_files.File("circle")]));
    }

    [Fact]
    public void A_folder_that_cannot_be_written_costs_the_keeping_alone()
    {
        var file = Write("a", [1]);
        File.WriteAllText(_kept.File("file"), "");
        var hashes = new ContentHashes(_kept.File("file"));
        Assert.Equal([ContentHashes.Of([1])], hashes.Of([file]));
    }

    /// <summary>An hour later, so that the files are not of this moment.</summary>
    private ContentHashes Hashes() => new(_kept.Path, (_, _) => Interlocked.Increment(ref _computed), new Later());

    private string Write(string name, ReadOnlySpan<byte> bytes)
    {
        _files.AddBytes(name, bytes.ToArray());
        File.SetLastWriteTimeUtc(_files.File(name), LongAgo);
        return _files.File(name);
    }

    private sealed class Later : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UtcNow.AddHours(1);
    }
}
