using Flip.Io;

namespace Flip.Tests.Io;

public sealed class PlainFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_of_no_bytes_is_not_opened()
    {
        File.WriteAllBytes(_folder.File("a"), []);
        Assert.Contains("pipe, device or socket", Assert.Throws<IOException>(() => PlainFile.OpenRead(_folder.File("a"))).Message, StringComparison.Ordinal);
        using var text = TextFile.Open(_folder.File("a"));
        Assert.Null(text.ReadLine());
        Assert.Equal("", TextFile.Read(_folder.File("a")));
    }

    [Fact]
    public void Neither_is_a_device()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no devices among its files");
        File.CreateSymbolicLink(_folder.File("zero"), "/dev/zero");
        Assert.Equal(0, PlainFile.Length(_folder.File("zero")));
        Assert.Throws<IOException>(() => PlainFile.ReadAll(_folder.File("zero"), 10));
    }

    [Fact]
    public void A_link_has_the_length_of_its_file_and_one_in_a_circle_none()
    {
        File.WriteAllBytes(_folder.File("a"), [1, 2, 3]);
        File.CreateSymbolicLink(_folder.File("link"), _folder.File("a"));
        File.CreateSymbolicLink(_folder.File("round"), _folder.File("round"));
        Assert.Equal([3, -1, -1, -1], ((string[])["link", "round", "none", "."]).Select(name => PlainFile.Length(_folder.File(name))));
        Assert.Equal([1, 2, 3], PlainFile.ReadAll(_folder.File("link"), 3));
        Assert.Contains("3 bytes", Assert.Throws<IOException>(() => PlainFile.ReadAll(_folder.File("link"), 2)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("a\nb\r\nc\rd\n\n\r\r\ne")]
    [InlineData("\n")]
    public void Lines_are_those_of_a_reader(string text)
    {
        foreach (var filling in (int[])[0, 16_381, 16_382, 16_383, 16_384, 16_385])
        {
            var whole = new string('x', filling) + text + text;
            Assert.Equal(LinesOf(whole), TextFile.Lines(new StringReader(whole), "a.txt"));
        }

        static IEnumerable<string> LinesOf(string text)
        {
            using var reader = new StringReader(text);
            while (reader.ReadLine() is { } line)
            {
                yield return line;
            }
        }
    }
}
