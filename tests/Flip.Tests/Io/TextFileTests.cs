using System.Text;
using Flip.Io;

namespace Flip.Tests.Io;

public sealed class TextFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("utf-8")]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    [InlineData("utf-32")]
    [InlineData("utf-32BE")]
    public void A_mark_says_the_encoding(string name)
    {
        File.WriteAllText(_folder.File("t.txt"), "Käfer 🐕\n猫", Encoding.GetEncoding(name));
        var bytes = File.ReadAllBytes(_folder.File("t.txt"));
        Assert.Equal("Käfer 🐕\n猫", TextFile.Read(_folder.File("t.txt")));
        Assert.Equal("Käfer 🐕\n猫"u8, TextFile.ToUtf8(bytes).Span);
        using var lines = TextFile.Open(_folder.File("t.txt"));
        Assert.Equal(["Käfer 🐕", "猫"], [lines.ReadLine()!, lines.ReadLine()!]);
    }

    [Fact]
    public void Only_the_lines_with_bytes_that_are_no_text_are_broken()
    {
        File.WriteAllBytes(_folder.File("t.txt"), [.. "a\n"u8, .. "caf"u8, 0xE9, (byte)'\n', .. "\uFFFD\0 b c d"u8, (byte)'\n', 0xED, 0xA0, 0x80]);
        using var lines = TextFile.Open(_folder.File("t.txt"));
        bool[] expected = [false, true, false, true];
        Assert.Equal(expected, expected.Select(_ => TextFile.IsBroken(lines.ReadLine())));
        Assert.Throws<InvalidDataException>(() => TextFile.Read(_folder.File("t.txt")));
    }

    [Fact]
    public void An_empty_file_is_a_text()
    {
        File.WriteAllText(_folder.File("t.txt"), "");
        Assert.Equal("", TextFile.Read(_folder.File("t.txt")));
    }
}
