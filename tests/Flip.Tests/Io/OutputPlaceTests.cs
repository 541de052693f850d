using Flip.Io;

namespace Flip.Tests.Io;

public sealed class OutputPlaceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_place_that_can_be_written_is_left_as_it_was()
    {
        Directory.CreateDirectory(_folder.File("there"));
        OutputPlace.CheckFolder(_folder.File("there"), "--out");
        OutputPlace.CheckFolder(_folder.File("new/deep/er"), "--out");
        OutputPlace.CheckFile(_folder.File("new/deep/file.json"), "--out");
        File.WriteAllText(_folder.File("old.json"), "old");
        OutputPlace.CheckFile(_folder.File("old.json"), "--out");
        Assert.Equal("old", File.ReadAllText(_folder.File("old.json")));
        Assert.Equal([_folder.File("old.json"), _folder.File("there")], Directory.GetFileSystemEntries(_folder.Path).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_place_that_cannot_is_told_with_its_option()
    {
        File.WriteAllText(_folder.File("file"), "");
        Directory.CreateDirectory(_folder.File("folder"));
        foreach (var bad in (string[])[_folder.File("file"), _folder.File("file/below/it"), _folder.File(new string('n', 300)), ""])
        {
            Assert.StartsWith($"--out '{bad}' cannot be written: ", Assert.Throws<IOException>(() => OutputPlace.CheckFolder(bad, "--out")).Message, StringComparison.Ordinal);
        }

        foreach (var bad in (string[])[_folder.File("folder"), _folder.File("folder") + "/", _folder.File("file/x"), _folder.File(new string('n', 300)), ""])
        {
            Assert.StartsWith($"--out '{bad}' cannot be written: ", Assert.Throws<IOException>(() => OutputPlace.CheckFile(bad, "--out")).Message, StringComparison.Ordinal);
        }
    }
}
