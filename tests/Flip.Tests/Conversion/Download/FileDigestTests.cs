using Flip.Conversion.Download;

namespace Flip.Tests.Conversion.Download;

public sealed class FileDigestTests
{
    // sha256sum, and git hash-object.
    [Theory]
    [InlineData(DigestKind.Sha256, "hello\n", "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03")]
    [InlineData(DigestKind.GitBlob, "hello\n", "ce013625030ba8dba906f756967f9e9ca394464a")]
    [InlineData(DigestKind.GitBlob, "", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")]
    internal async Task Hand_worked_hashes(DigestKind kind, string content, string expected)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("x"), content, TestContext.Current.CancellationToken);
        var digest = FileDigest.Parse(kind, expected.ToUpperInvariant())!;
        Assert.Equal(expected, digest.Hex);
        Assert.Equal(digest, await digest.OfAsync(folder.File("x"), TestContext.Current.CancellationToken));
        await File.AppendAllTextAsync(folder.File("x"), "!", TestContext.Current.CancellationToken);
        Assert.NotEqual(digest, await digest.OfAsync(folder.File("x"), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("ce013625030ba8dba906f756967f9e9ca394464")]
    [InlineData("ce013625030ba8dba906f756967f9e9ca394464g")]
    public void What_is_no_hash_is_none(string? hex) => Assert.Null(FileDigest.Parse(DigestKind.GitBlob, hex));
}
