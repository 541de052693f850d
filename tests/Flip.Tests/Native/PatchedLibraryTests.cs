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

    [Fact]
    public void A_library_that_is_none_is_an_error_of_one_line()
    {
        var path = _folder.File("library.so");
        File.WriteAllText(path, "no library");
        var error = Assert.Throws<LibTorchException>(() => LibTorch.WithWeakVersion(path));
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("\n", error.Message, StringComparison.Ordinal);
        Assert.Contains(_folder.File("none.so"), Assert.Throws<LibTorchException>(() => LibTorch.WithWeakVersion(_folder.File("none.so"))).Message, StringComparison.Ordinal);
    }
}
