using Flip.Io;

namespace Flip.Tests.Io;

public sealed class OwnEntriesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Bystander _bystander = new();

    public void Dispose()
    {
        _bystander.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Files_and_folders_of_its_own_and_entries_that_are_not_there_are_in_order()
    {
        Directory.CreateDirectory(_folder.File("a/b"));
        File.WriteAllText(_folder.File("a/b/c"), "x");
        File.WriteAllText(_folder.File("f"), "x");
        Bystander.LinkTo(_bystander.Path, _folder.File("notes")); // not among the names
        OwnEntries.Require(_folder.Path, "a", "f", "none");
    }

    [Fact]
    public void A_folder_that_is_a_link_stands_for_what_it_leads_to()
    {
        Directory.CreateDirectory(_folder.File("run/a"));
        Bystander.LinkTo(_folder.File("run"), _folder.File("link"));
        OwnEntries.Require(_folder.File("link"), "a");
    }

    [Theory]
    [InlineData("a")]
    [InlineData("a/b")]
    [InlineData("a/b/c")]
    public void A_link_is_named_with_where_it_leads(string place)
    {
        foreach (var target in (string[])[_bystander.Path, _bystander.File, _folder.File("nothing")])
        {
            var link = _folder.File(place);
            Bystander.LinkTo(target, link);
            var message = Assert.Throws<ForeignEntryException>(() => OwnEntries.Require(_folder.Path, "a")).Message;
            Assert.StartsWith($"{link} is a link to '{target}'. ", message, StringComparison.Ordinal);
            File.Delete(link);
        }
    }

    [Fact]
    public void A_named_pipe_is_told_and_not_waited_for()
    {
        Directory.CreateDirectory(_folder.File("a"));
        Bystander.MakePipe(_folder.File("a/pipe"));
        Assert.Contains("is a named pipe", Assert.Throws<ForeignEntryException>(() => OwnEntries.Require(_folder.Path, "a")).Message, StringComparison.Ordinal);
        Assert.Equal("is a device", OwnEntries.Problem("/dev/zero"));
    }

    [Fact]
    public void A_folder_in_place_of_a_file_and_a_file_in_place_of_a_folder_are_told()
    {
        Directory.CreateDirectory(_folder.File("folder"));
        File.WriteAllText(_folder.File("file"), "");
        OwnEntries.RequireKind(_folder.Path, isFolder: true, "folder", "none");
        OwnEntries.RequireKind(_folder.Path, isFolder: false, "file", "none");
        Assert.Contains("is a folder", Assert.Throws<ForeignEntryException>(() => OwnEntries.RequireKind(_folder.Path, false, "folder")).Message, StringComparison.Ordinal);
        Assert.Contains("is a file", Assert.Throws<ForeignEntryException>(() => OwnEntries.RequireKind(_folder.Path, true, "file")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Folders_on_the_way_to_a_file_are_no_links_and_the_first_may_be_one()
    {
        Bystander.LinkTo(_bystander.Path, _folder.File("top"));
        OwnEntries.RequireWay(_folder.File("top"), _folder.File("top/inner/new.onnx"));
        Bystander.LinkTo(_bystander.Path, _folder.File("own/sub"));
        Assert.Throws<ForeignEntryException>(() => OwnEntries.RequireWay(_folder.File("own"), _folder.File("own/sub/deep/new.onnx")));
    }

    [Fact]
    public void Deleting_a_folder_removes_links_in_it_and_not_what_they_lead_to()
    {
        using (var held = FolderLock.Take(_folder.File("own")))
        {
            Bystander.LinkTo(_bystander.Path, _folder.File("own/folder"));
            Bystander.LinkTo(_bystander.File, _folder.File("own/inner/file"));
            Bystander.LinkTo(_bystander.Path, _folder.File("own/inner/again"));
            held.DeleteFolder();
        }

        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
        _bystander.AssertUntouched();
    }
}
