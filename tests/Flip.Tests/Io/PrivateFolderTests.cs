using Flip.Io;

namespace Flip.Tests.Io;

public sealed class PrivateFolderTests : IDisposable
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Wide = Owner | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_new_folder_and_files_in_it_are_for_their_owner_alone()
    {
        PrivateFolder.Create(Unix("new/deep"));
        Assert.Equal(Owner, Mode("new/deep"));
        File.WriteAllText(_folder.File("new/deep/a"), "x");
        PrivateFolder.Keep(_folder.File("new/deep/a"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, Mode("new/deep/a"));
    }

    [Fact]
    public void A_folder_that_is_shared_on_purpose_stays_so_with_its_files()
    {
        Directory.CreateDirectory(Unix("shared"));
        Set("shared", Wide);
        File.WriteAllText(_folder.File("shared/a"), "x");
        var before = Mode("shared/a");
        PrivateFolder.Create(_folder.File("shared"));
        PrivateFolder.Keep(_folder.File("shared/a"));
        Assert.Equal((Wide, before), (Mode("shared"), Mode("shared/a")));
    }

    [Fact]
    public void A_folder_of_the_user_is_narrowed_and_what_a_link_leads_to_is_not()
    {
        Directory.CreateDirectory(Unix("own"));
        Set("own", Wide | UnixFileMode.GroupWrite);
        Bystander.LinkTo(_folder.File("own"), _folder.File("link"));
        Assert.True(PrivateFolder.IsOpenToOthers(_folder.File("link")));
        Assert.False(PrivateFolder.Narrow(_folder.File("link")));
        Assert.True(PrivateFolder.Narrow(_folder.File("own")));
        Assert.Equal(Owner, Mode("own"));
        Assert.False(PrivateFolder.IsOpenToOthers(_folder.File("own")));
    }

    private string Unix(string name)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: rights and owners are told there");
        return _folder.File(name);
    }

    private UnixFileMode Mode(string name) => OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(_folder.File(name));

    private void Set(string name, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_folder.File(name), mode);
        }
    }
}
