using Flip.Evaluation.Outcomes;
using Flip.Tests.Data.Images;
using static Flip.Tests.Cli.CommandRun;

namespace Flip.Tests.Cli.Commands;

/// <summary>A number is of the very images that were named, whatever the cache holds.</summary>
[Collection(Alone.Name)]
public sealed class EvaluationCacheTests : IDisposable
{
    private static readonly string[] Classes = ["a", "b"];

    private readonly ImageFolderFixture _images = new();
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public EvaluationCacheTests()
    {
        TinyModel.Save(_model = _folder.File("model"));
        Fill("photos", 0);
    }

    public void Dispose()
    {
        _images.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Other_pixels_under_the_same_names_and_lengths_are_other_images()
    {
        Fill("other/photos", 100);
        var first = Evaluate("photos", "first");
        var second = Evaluate("other/photos", "second");
        var fresh = Evaluate("other/photos", "fresh", cache: "another cache");
        Assert.NotEqual(first, second);
        Assert.Equal(fresh, second);
        AssertFails(["compare", _folder.File("first"), _folder.File("second"), "--samples", "100"], "photos", "the images differ", "fingerprints");
    }

    [Fact]
    public void Images_that_are_exchanged_in_place_are_other_images()
    {
        var first = Evaluate("photos", "first");
        Fill("photos", 100);
        var second = Evaluate("photos", "second");
        Assert.NotEqual(first, second);
        Assert.Equal(Evaluate("photos", "fresh", cache: "another cache"), second);
    }

    [Fact]
    public void The_same_images_copied_moved_or_touched_are_read_from_the_cache()
    {
        var first = Evaluate("photos", "first");
        var features = Assert.Single(Directory.GetFiles(_folder.File("cache"), "*.safetensors"), file => !Path.GetFileName(file).StartsWith("classifier", StringComparison.Ordinal));
        var made = File.GetLastWriteTimeUtc(features);
        Fill("copy/photos", 0);
        Assert.Equal(first, Evaluate("copy/photos", "copied"));
        Directory.Move(_images.File("copy"), _images.File("moved"));
        Assert.Equal(first, Evaluate("moved/photos", "moved"));
        Directory.GetFiles(_images.File("photos"), "*", SearchOption.AllDirectories).ToList().ForEach(file => File.SetLastWriteTimeUtc(file, DateTime.UtcNow));
        Assert.Equal(first, Evaluate("photos", "touched"));
        Assert.Single(Directory.GetFiles(_folder.File("cache"), "*.safetensors"), file => !Path.GetFileName(file).StartsWith("classifier", StringComparison.Ordinal));
        Assert.Equal(made, File.GetLastWriteTimeUtc(features));
        Assert.Equal(0, Run(["compare", _folder.File("first"), _folder.File("moved"), "--samples", "100"]).Code);
    }

    [Fact]
    public void Unfinished_embeddings_are_not_continued_with_other_pixels()
    {
        string[] embed = ["embed", _model, "--images", _images.Path, "--out", _folder.File("e.safetensors"), "--batch-size", "4"];
        _images.AddBytes("zz.png", [1]); // stops the work behind the others
        Assert.NotEqual(0, Run(embed).Code);
        Fill("photos", 100);
        AssertFails(embed, "e.safetensors", "source was");
    }

    [Fact]
    public void Other_captions_of_the_same_images_are_another_retrieval()
    {
        foreach (var word in (string[])["dog", "cat"])
        {
            _images.AddBytes($"{word}.json", System.Text.Encoding.UTF8.GetBytes(
                $$"""{"images": [{"filename": "photos/a/0.ppm", "split": "test", "sentences": [{"raw": "a {{word}}"}]}, {"filename": "photos/b/0.ppm", "split": "test", "sentences": [{"raw": "a car"}]}]}"""));
            File.WriteAllText(
                _images.File($"{word}-set.json"),
                $$"""{"name": "pairs", "task": "retrieval", "layouts": [{"kind": "karpathy", "file": "{{word}}.json", "images": ["."]}]}""");
            var (code, _, error) = Run(Eval($"{_images.File($"{word}-set.json")}={_images.Path}", word));
            Assert.True(code == 0, error);
        }

        AssertFails(["compare", _folder.File("dog"), _folder.File("cat"), "--samples", "100"], "pairs", "differ");
    }

    /// <summary>Images of two classes, of the same names and lengths whatever the shade.</summary>
    private void Fill(string folder, byte shade)
    {
        for (var i = 0; i < 4; i++)
        {
            foreach (var (place, name) in Classes.Index())
            {
                var pixels = Enumerable.Range(0, 8 * 8 * 3).Select(at => (byte)(shade + (at * (place + 2 * i + 1))));
                _images.AddBytes($"{folder}/{name}/{i}.ppm", [.. "P6 8 8 255\n"u8, .. pixels]);
                File.SetLastWriteTimeUtc(_images.File($"{folder}/{name}/{i}.ppm"), new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
            }
        }
    }

    /// <summary>The predictions as written.</summary>
    private string Evaluate(string images, string to, string cache = "cache")
    {
        var (code, _, error) = Run(Eval(_images.File(images), to, cache));
        Assert.True(code == 0, error);
        Assert.Equal("photos", Assert.Single(EvaluationReport.Read(_folder.File(to)).Results).Name);
        return File.ReadAllText(Path.Combine(_folder.File(to), "photos.predictions.jsonl"));
    }

    private string[] Eval(string on, string to, string cache = "cache") =>
        ["eval", _model, "--on", on, "--out", _folder.File(to), "--cache", _folder.File(cache), "--samples", "100"];
}
