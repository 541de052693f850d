using Flip.Evaluation.Embedding;
using Flip.Io;

namespace Flip.Tests.Evaluation.Embedding;

/// <summary>A folder of unfinished embeddings that somebody else has prepared.</summary>
public sealed class EmbeddingPartsTests : IDisposable
{
    private static readonly EmbeddingManifest Manifest = new("images", 9, "source", 2, "weights", new(StringComparer.Ordinal));
    private readonly TemporaryFolder _folder = new();
    private readonly Bystander _bystander = new();

    private string File => _folder.File("x.safetensors");

    public void Dispose()
    {
        _bystander.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("part-000000000000.safetensors")]
    [InlineData("manifest.json")]
    [InlineData("")]
    public void A_folder_that_is_a_link_or_holds_one_is_refused(string place)
    {
        using (var parts = EmbeddingParts.Open(File, Manifest, overwrite: false, allowMissing: false))
        {
            parts.Add(new EmbeddedItems(0, 2, ["a", "b"], null, [1, 2, 3, 4], []));
        }

        var lure = Path.TrimEndingDirectorySeparator(Path.Combine(File + ".parts", place));
        _bystander.Lure(lure, isFolder: place.Length == 0);
        var message = Assert.Throws<ForeignEntryException>(() => EmbeddingParts.Open(File, Manifest, overwrite: true, allowMissing: false)).Message;
        Assert.StartsWith($"{lure} is a link to '", message, StringComparison.Ordinal);
        _bystander.AssertUntouched();
    }

    [Theory]
    [InlineData("thesis.txt")]
    [InlineData("part-1.safetensors")]
    [InlineData("manifest.json.old")]
    public void A_folder_with_other_files_is_left_alone(string name)
    {
        Directory.CreateDirectory(File + ".parts");
        var other = Path.Combine(File + ".parts", name);
        System.IO.File.WriteAllText(other, "years");
        var message = Assert.Throws<ConfigException>(() => EmbeddingParts.Open(File, Manifest, overwrite: true, allowMissing: false)).Message;
        Assert.Contains($"holds '{name}' too", message, StringComparison.Ordinal);
        Assert.Equal("years", System.IO.File.ReadAllText(other));
    }
}
