using Flip.Io;

namespace Flip.Tests.Io;

public sealed class AtomicFileTests : IDisposable
{
    private const int Threads = 200;

    private readonly TemporaryFolder _folder = new();
    private readonly Bystander _bystander = new();

    public void Dispose()
    {
        _bystander.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_link_in_a_file_s_place_is_replaced()
    {
        Bystander.LinkTo(_bystander.File, _folder.File("a.json"));
        AtomicFile.WriteText(_folder.File("a.json"), "new");
        Assert.Null(new FileInfo(_folder.File("a.json")).LinkTarget);
        Assert.Equal("new", File.ReadAllText(_folder.File("a.json")));
        _bystander.AssertUntouched();
    }

    [Fact]
    public void A_file_with_a_second_name_is_replaced()
    {
        Bystander.MakeHardLink(_bystander.File, _folder.File("a.json"));
        AtomicFile.WriteText(_folder.File("a.json"), "new");
        _bystander.AssertUntouched();
    }

    [Theory]
    [InlineData(null)]
    [InlineData(".scenes.tmp")]
    public void Links_by_the_names_that_a_process_might_take_are_not_followed(string? suffix)
    {
        foreach (var ending in Enumerable.Range(0, Threads).Select(thread => $".{Environment.ProcessId}-{thread}.tmp").Append(suffix ?? ".tmp"))
        {
            Bystander.LinkTo(_bystander.File, _folder.File("a.json") + ending);
        }

        AtomicFile.Write(_folder.File("a.json"), stream => stream.WriteByte(1), suffix);
        Assert.Equal([1], File.ReadAllBytes(_folder.File("a.json")));
        _bystander.AssertUntouched();
    }

    [Fact]
    public void What_a_killed_process_left_is_known_and_nothing_else_is_removed()
    {
        var path = _folder.File("x.parquet");
        string[] others = ["x.parquet", "x.parquet.mine.tmp", "x.parquet.0123456789abcdeg.tmp", "y.parquet.0123456789abcdef.tmp", "x.parquet.0123456789abcdef.tmp.old"];
        foreach (var name in others.Concat(["x.parquet.tmp", "x.parquet.0123456789abcdef.tmp"]))
        {
            File.WriteAllText(_folder.File(name), "x");
        }

        Bystander.LinkTo(_bystander.File, path + ".00000000000000ff.tmp");
        AtomicFile.DeleteLeftovers(path, ".tmp");
        Assert.Equal(others.Order(StringComparer.Ordinal), Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        _bystander.AssertUntouched();
    }

    [Fact]
    public void The_try_of_a_place_follows_no_link()
    {
        foreach (var name in (string[])[".flip", "out.json"])
        {
            Bystander.LinkTo(_bystander.File, _folder.File($"{name}.{Environment.ProcessId}.tmp"));
        }

        OutputPlace.CheckFolder(_folder.Path, "--out");
        OutputPlace.CheckFile(_folder.File("out.json"), "--out");
        _bystander.AssertUntouched();
    }
}
