using System.Text;
using System.Text.Json;
using Flip.Tests.Data;
using SkiaSharp;

namespace Flip.Tests.Cli.Commands.Data;

[Collection(Alone.Name)]
public sealed class DataInspectCommandTests : IDisposable
{
    private readonly TestShards _shards = new();

    public void Dispose() => _shards.Dispose();

    [Fact]
    public void Sizes_formats_captions_duplicates_and_causes_are_counted()
    {
        Write();
        var (code, output, error) = CommandRun.Run(["data", "inspect", _shards.Folder, "--json"]);
        Assert.True(code == 0, error);
        var found = JsonDocument.Parse(output).RootElement;
        Assert.Equal((2, 6, 6), (found.GetProperty("shards").GetInt32(), found.GetProperty("samples").GetInt32(), found.GetProperty("inspected").GetInt32()));
        var images = found.GetProperty("images");
        Assert.Equal((5, 1), (images.GetProperty("count").GetInt32(), images.GetProperty("repeated").GetInt32()));
        Assert.Equal((4, 1), (images.GetProperty("formats").GetProperty("JPEG").GetInt32(), images.GetProperty("formats").GetProperty("PNG").GetInt32()));
        Assert.Equal((8, 40), (images.GetProperty("width").GetProperty("least").GetInt32(), images.GetProperty("width").GetProperty("most").GetInt32()));
        Assert.Equal(2.5, images.GetProperty("aspectRatio").GetProperty("most").GetDouble()); // 40 x 16
        var captions = found.GetProperty("captions");
        Assert.Equal((5, 1), (captions.GetProperty("count").GetInt32(), captions.GetProperty("repeated").GetInt32()));
        Assert.Equal(2, captions.GetProperty("mostRepeated").GetProperty("a red dog").GetInt32());
        Assert.Equal(0.2, captions.GetProperty("cut").GetProperty("32").GetDouble()); // one of five has 40 words
        Assert.Equal(0, captions.GetProperty("cut").GetProperty("77").GetDouble());
        Assert.Equal((1, 1), (found.GetProperty("bad").GetProperty("not an image").GetInt32(), found.GetProperty("bad").GetProperty("empty caption").GetInt32()));
        Assert.Contains(found.GetProperty("examples").EnumerateArray(), example => example.GetString()!.Contains("'e' in", StringComparison.Ordinal));
    }

    [Fact]
    public void Some_are_spread_over_all_and_a_page_shows_them()
    {
        Write();
        var page = _shards.Path("page.html");
        var (code, output, error) = CommandRun.Run(["data", "inspect", _shards.Folder, "--samples", "2", "--page", page]);
        Assert.True(code == 0, error);
        Assert.Contains("6 samples in 2 shards, 2 of them read", output, StringComparison.Ordinal);
        Assert.Contains("| width, pixels | 2 | 8 |", output, StringComparison.Ordinal); // the first and the fourth
        var html = File.ReadAllText(page);
        Assert.Contains("Contact sheet", html, StringComparison.Ordinal);
        Assert.Contains("data:image/", html, StringComparison.Ordinal);
        CommandRun.AssertFails(["data", "inspect", _shards.Folder, "--samples", "-1"], "--samples -1");
        CommandRun.AssertFails(["data", "inspect", _shards.Folder, "--page", _shards.Folder], "is a folder");
        CommandRun.AssertFails(["data", "inspect", _shards.Path("none.tar")], "none.tar");
    }

    /// <summary>Six samples: two of one image, two of one caption, a long caption, no image, a blank caption.</summary>
    private void Write()
    {
        var square = Image(8, 8, SKEncodedImageFormat.Jpeg);
        _shards.Write(
            "a.tar",
            ("a.jpg", square),
            ("a.txt", "a red dog"),
            ("b.jpg", square),
            ("b.txt", "a red dog"),
            ("c.png", Image(40, 16, SKEncodedImageFormat.Png)),
            ("c.txt", string.Join(' ', Enumerable.Repeat("cat", 40))));
        _shards.Write(
            "b.tar",
            ("d.jpg", Image(10, 10, SKEncodedImageFormat.Jpeg)),
            ("d.txt", "a dog"),
            ("e.jpg", "no image at all"),
            ("e.txt", "a cat"),
            ("f.jpg", Image(12, 12, SKEncodedImageFormat.Jpeg)),
            ("f.txt", "  "));
    }

    private static string Image(int width, int height, SKEncodedImageFormat format)
    {
        using var bitmap = new SKBitmap(width, height);
        bitmap.Erase(new SKColor((byte)(width * 5), 100, 50));
        using var file = bitmap.Encode(format, 90);
        return Encoding.Latin1.GetString(file.ToArray());
    }
}
