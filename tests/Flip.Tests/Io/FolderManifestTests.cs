using Flip.Io;

namespace Flip.Tests.Io;

public sealed class FolderManifestTests : IDisposable
{
    // SHA-256 of "abc", from the standard (FIPS 180-2, appendix B.1).
    private const string OfAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_is_hashed_while_it_is_written()
    {
        var written = AtomicFile.WriteHashed(_folder.File("a"), stream =>
        {
            stream.WriteByte((byte)'a');
            stream.Write("bc"u8);
        });
        Assert.Equal(new FileDigest(3, OfAbc), written);
        Assert.Equal(written, FileDigest.Of(_folder.File("a")));
        Assert.Equal("abc", File.ReadAllText(_folder.File("a")));
    }

    [Fact]
    public void The_manifest_is_text_in_one_form()
    {
        FolderManifest.Write(_folder.Path, new Dictionary<string, FileDigest> { ["b"] = new(3, OfAbc), ["a"] = new(3, OfAbc) });
        Assert.Equal(
            $$"""
            {
              "version": 1,
              "files": {
                "a": {
                  "length": 3,
                  "sha256": "{{OfAbc}}"
                },
                "b": {
                  "length": 3,
                  "sha256": "{{OfAbc}}"
                }
              }
            }

            """.ReplaceLineEndings("\n"),
            File.ReadAllText(_folder.File("manifest.json")));
    }

    [Theory]
    [InlineData("", "manifest.json")]
    [InlineData("{}", "manifest.json")]
    [InlineData("""{"version":1,"files":{"a":{"length":3,"sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}}}""", "not in the form")]
    [InlineData("""{"version":2,"files":{}}""", "manifest.json")]
    [InlineData("""{"version":1,"files":{"../a":{"length":3,"sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}}}""", "manifest.json")]
    public void A_manifest_that_was_never_written_so_is_a_problem(string text, string words)
    {
        File.WriteAllText(_folder.File("a"), "abc");
        File.WriteAllText(_folder.File("manifest.json"), text);
        Assert.Contains(words, FolderManifest.Problem(_folder.Path), StringComparison.Ordinal);
    }

    [Fact]
    public void A_sealed_folder_is_whole_until_a_file_changes()
    {
        File.WriteAllText(_folder.File("a"), "abc");
        File.WriteAllText(_folder.File("b"), "x");
        FolderManifest.Seal(_folder.Path);
        FolderManifest.Seal(_folder.Path); // its own file is not part of it
        Assert.Null(FolderManifest.Problem(_folder.Path));
        File.WriteAllText(_folder.File("b"), "y");
        Assert.Equal("b has other bytes than were written (SHA-256)", FolderManifest.Problem(_folder.Path));
        File.WriteAllText(_folder.File("b"), "xy");
        Assert.Equal("b has 2 bytes, and 1 were written", FolderManifest.Problem(_folder.Path));
        File.Delete(_folder.File("b"));
        Assert.Equal("b is missing", FolderManifest.Problem(_folder.Path));
    }

    [Fact]
    public void Folders_are_made_with_those_above_them_and_forced_to_the_disk()
    {
        FolderSync.Create(_folder.File("x/y/z"));
        Assert.True(Directory.Exists(_folder.File("x/y/z")));
        FolderSync.Create(_folder.File("x/y/z"));
        FolderSync.Flush(_folder.File("x"));
        File.WriteAllText(_folder.File("x/file"), "");
        Assert.ThrowsAny<IOException>(() => FolderSync.Create(_folder.File("x/file/y")));
    }
}
