using Flip.Evaluation.Features;

namespace Flip.Tests.Evaluation.Features;

[Collection(Alone.Name)] // the variable is the process's
public sealed class CacheFolderTests : IDisposable
{
    private const string Variable = "XDG_CACHE_HOME";
    private readonly string? _before = Environment.GetEnvironmentVariable(Variable);
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _said = [];

    public CacheFolderTests() => Environment.SetEnvironmentVariable(Variable, _folder.Path);

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(Variable, _before);
        _folder.Dispose();
    }

    [Fact]
    public void The_user_s_own_cache_is_closed_to_others()
    {
        Make(CacheFolder.Default, UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.GroupExecute);
        CacheFolder.Open(CacheFolder.Default, _said.Add);
        Assert.Empty(_said);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, new DirectoryInfo(CacheFolder.Default).UnixFileMode);
    }

    [Fact]
    public void Where_the_user_s_own_cannot_be_written_nothing_is_kept_and_a_named_one_is_an_error()
    {
        File.WriteAllText(_folder.File("file"), "");
        Environment.SetEnvironmentVariable(Variable, _folder.File("file"));
        var folder = CacheFolder.Open(null, _said.Add);
        Assert.True(Directory.Exists(folder));
        Assert.Contains("--cache FOLDER", Assert.Single(_said), StringComparison.Ordinal);
        Assert.Throws<IOException>(() => CacheFolder.Open(_folder.File("file/named"), _said.Add));
    }

    [Fact]
    public void A_new_cache_is_made_for_its_owner_alone()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: rights and owners are told there");
        foreach (var folder in (string[])[CacheFolder.Default, _folder.File("named/cache")])
        {
            CacheFolder.Open(folder, _said.Add);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, new DirectoryInfo(folder).UnixFileMode);
        }

        Assert.Empty(_said);
    }

    [Theory]
    [InlineData(UnixFileMode.GroupWrite, 1)]
    [InlineData(UnixFileMode.OtherWrite, 1)]
    [InlineData(UnixFileMode.OtherRead, 0)]
    public void A_named_cache_that_others_may_write_to_is_told_and_stays_as_it_is(UnixFileMode more, int warnings)
    {
        var mode = Make(_folder.File("shared"), more);
        CacheFolder.Open(_folder.File("shared"), _said.Add);
        Assert.Equal(warnings, _said.Count);
        Assert.All(_said, said => Assert.Contains(_folder.File("shared"), said, StringComparison.Ordinal));
        Assert.Equal(mode, new DirectoryInfo(_folder.File("shared")).UnixFileMode);
    }

    private static UnixFileMode Make(string folder, UnixFileMode more)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: rights and owners are told there");
        var mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | more;
        Directory.CreateDirectory(folder);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(folder, mode);
        }

        return mode;
    }
}
