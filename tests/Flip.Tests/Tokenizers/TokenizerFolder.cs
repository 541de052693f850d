using System.Text.Json.Nodes;
using Flip.Tokenizers;

namespace Flip.Tests.Tokenizers;

/// <summary>A temporary folder with a tokenizer's files, which a test changes before they are read.</summary>
internal sealed class TokenizerFolder : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public string Path => _folder.Path;

    public void Dispose() => _folder.Dispose();

    public string File(string name) => _folder.File(name);

    public ITokenizer Load() => TokenizerFactory.Load(Path);

    public ClipBpeTokenizer SaveTiny(bool keepAll = false)
    {
        System.IO.File.WriteAllText(File("m.txt"), "#version: 0.2\nl o\nlo w\ne r</w>\n");
        var tokenizer = ClipBpeTokenizer.Load(File("m.txt"));
        tokenizer.Save(Path);
        if (!keepAll)
        {
            KeepOnlyTokenizerFile();
        }

        return tokenizer;
    }

    public void KeepOnlyTokenizerFile()
    {
        foreach (var file in Directory.EnumerateFiles(Path).Where(file => System.IO.Path.GetFileName(file) != "tokenizer.json"))
        {
            System.IO.File.Delete(file);
        }
    }

    public void Change(Action<JsonNode> change) => _folder.Change("tokenizer.json", change);

    public JsonNode Parse(string name) => _folder.Json(name);

    public void AssertRefused(string expected)
    {
        var error = Assert.Throws<VocabularyException>(Load);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("tokenizer.json", error.Message, StringComparison.Ordinal);
    }
}
