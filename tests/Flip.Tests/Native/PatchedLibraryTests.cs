using Flip.Native;

namespace Flip.Tests.Native;

public sealed class PatchedLibraryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    // A folder cannot be made below a file, by whomever.
    private string Unwritable
    {
        get
        {
            File.WriteAllText(_folder.File("file"), "");
            return _folder.File("file");
        }
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_original_is_replaced_where_it_can_be()
    {
        var original = _folder.File("library.so");
        File.WriteAllText(original, "old");
        Assert.Equal(original, PatchedLibrary.Write(original, [1, 2], _folder.File("user")));
        Assert.Equal([1, 2], File.ReadAllBytes(original));
        Assert.False(Directory.Exists(_folder.File("user")));
    }

    [Fact]
    public void Beside_a_read_only_program_later_starts_find_one_copy_of_each_version()
    {
        var original = Path.Combine(Unwritable, "library.so");
        var user = _folder.File("user");
        var first = PatchedLibrary.Write(original, [1, 2], user);
        Assert.StartsWith(user, first, StringComparison.Ordinal);
        Assert.Equal("library.so", Path.GetFileName(first));
        File.SetLastWriteTimeUtc(first, DateTime.UnixEpoch);
        Assert.Equal(first, PatchedLibrary.Write(original, [1, 2], user));
        Assert.Equal(DateTime.UnixEpoch, File.GetLastWriteTimeUtc(first));
        Assert.NotEqual(first, PatchedLibrary.Write(original, [1, 3], user));

        File.WriteAllText(first, "damaged");
        Assert.Equal(first, PatchedLibrary.Write(original, [1, 2], user));
        Assert.Equal([1, 2], File.ReadAllBytes(first));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Without_a_folder_of_the_user_the_copy_is_temporary(bool named)
    {
        var copy = PatchedLibrary.Write(Path.Combine(Unwritable, "library.so"), [1, 2], named ? Path.Combine(Unwritable, "user") : "");
        Assert.Equal([1, 2], File.ReadAllBytes(copy));
        Directory.Delete(Path.GetDirectoryName(copy)!, recursive: true);
    }

    [Theory]
    [InlineData("")]
    [InlineData("flip")]
    public void A_folder_that_everyone_may_change_is_not_used(string open)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: only there a library is changed");
        var user = Directory.CreateDirectory(Path.Combine(_folder.File("user"), open));
        if (!OperatingSystem.IsWindows())
        {
            user.UnixFileMode |= UnixFileMode.OtherWrite;
        }

        var copy = PatchedLibrary.Write(Path.Combine(Unwritable, "library.so"), [1, 2], _folder.File("user"));
        Assert.False(copy.StartsWith(_folder.Path, StringComparison.Ordinal), copy);
        Assert.Equal([1, 2], File.ReadAllBytes(copy));
        Directory.Delete(Path.GetDirectoryName(copy)!, recursive: true);
    }

    [Fact]
    public void The_folder_of_the_user_s_copy_is_for_the_user_alone_and_a_link_in_it_is_replaced()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: only there a library is changed");
        var original = Path.Combine(Unwritable, "library.so");
        var copy = PatchedLibrary.Write(original, [1, 2], _folder.File("user"));
        var owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Assert.Equal(owner, new DirectoryInfo(Path.GetDirectoryName(copy)!).UnixFileMode);
        File.Move(copy, _folder.File("elsewhere.so"));
        File.CreateSymbolicLink(copy, _folder.File("elsewhere.so"));
        Assert.Equal(copy, PatchedLibrary.Write(original, [1, 2], _folder.File("user")));
        Assert.Null(new FileInfo(copy).LinkTarget);
    }

    [Fact]
    public void A_library_that_is_none_is_an_error_of_one_line()
    {
        var path = _folder.File("library.so");
        File.WriteAllText(path, "no library");
        var error = Assert.Throws<LibTorchException>(() => LinuxLibTorch.WithWeakVersion(path));
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("\n", error.Message, StringComparison.Ordinal);
        Assert.Contains(_folder.File("none.so"), Assert.Throws<LibTorchException>(() => LinuxLibTorch.WithWeakVersion(_folder.File("none.so"))).Message, StringComparison.Ordinal);
    }
}
