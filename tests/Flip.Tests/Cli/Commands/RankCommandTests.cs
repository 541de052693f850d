using System.Text.Json;
using Flip.Models;
using Flip.Storage;
using Flip.Tests.Data.Images;
using static Flip.Tests.Cli.CommandRun;

namespace Flip.Tests.Cli.Commands;

[Collection(Alone.Name)]
public sealed class RankCommandTests : IDisposable
{
    private static readonly string[] Texts = ["a red dog runs", "a blue cat", "two birds on a tree", "the green car"];

    private readonly ImageFolderFixture _images = new();
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public RankCommandTests()
    {
        _model = _folder.File("model");
        TinyModel.Save(_model);
        _images.Add(6);
        File.WriteAllLines(_folder.File("texts.txt"), Texts);
    }

    public void Dispose()
    {
        _images.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Cosines_and_probabilities_are_those_of_the_embeddings()
    {
        var (images, texts) = (Embed("--images", _images.Path), Embed("--texts", _folder.File("texts.txt")));
        double scale;
        using (var loaded = ModelFolder.Load(_model))
        {
            scale = new InferenceEncoder(loaded.Model).LogitScale();
        }

        Assert.Equal(1 / 0.07, scale, 1e-4); // the first value, which nothing has trained
        var byImage = Rank(["--images", _images.Path, "--texts", .. Texts, "--top", "9"]);
        Assert.Equal(scale, byImage.GetProperty("logitScale").GetDouble());
        foreach (var (i, image) in byImage.GetProperty("results").EnumerateArray().Index())
        {
            Assert.Equal($"{i:D4}.png", image.GetProperty("image").GetString());
            Check(image, "text", [.. texts.Select(text => Cosine(images[i], text))], Texts, scale);
        }

        var byText = Rank(["--images", _images.Path, "--texts-from", _folder.File("texts.txt"), "--by", "text", "--top", "9"]);
        foreach (var (t, text) in byText.GetProperty("results").EnumerateArray().Index())
        {
            Assert.Equal(Texts[t], text.GetProperty("text").GetString());
            Check(text, "image", [.. images.Select(image => Cosine(image, texts[t]))], [.. Enumerable.Range(0, 6).Select(i => $"{i:D4}.png")], scale);
        }
    }

    [Fact]
    public void Templates_are_averaged()
    {
        File.WriteAllLines(_folder.File("prompts.txt"), ["a {c} sits", "the {c}"]);
        File.WriteAllLines(_folder.File("texts.txt"), ["a dog sits", "the dog"]);
        var texts = Embed("--texts", _folder.File("texts.txt"));
        var image = Embed("--images", _images.File("0000.png"))[0];
        double[] mean = [.. texts[0].Zip(texts[1], (a, b) => (double)a + b)];
        var length = Math.Sqrt(mean.Sum(value => value * value));
        var ranked = Rank(["--images", _images.File("0000.png"), "--texts", "dog", "--templates", _folder.File("prompts.txt")]);
        var match = ranked.GetProperty("results")[0].GetProperty("matches")[0];
        Assert.Equal(mean.Zip(image, (a, b) => a * b).Sum() / length, match.GetProperty("cosine").GetDouble(), 1e-6);
        Assert.Equal(1, match.GetProperty("probability").GetDouble(), 1e-12);
    }

    [Fact]
    public void Several_sources_keep_their_images_apart()
    {
        using var more = new ImageFolderFixture();
        more.Add(2);
        var ranked = Rank(["--images", _images.File("0003.png"), more.Path + "/", "--texts", "a", "--top", "1"]);
        Assert.Equal(
            [_images.File("0003.png"), more.Path + "/0000.png", more.Path + "/0001.png"],
            ranked.GetProperty("results").EnumerateArray().Select(image => image.GetProperty("image").GetString()));
    }

    [Fact]
    public void A_table_shows_the_best_of_the_first_images()
    {
        _images.Add(40);
        var (code, output, error) = Run(["rank", _model, "--images", _images.Path, "--texts", .. Texts, "--top", "2", "--batch-size", "4"]);
        Assert.True(code == 0, error);
        var lines = output.Split('\n').Where(line => line.Contains('%', StringComparison.Ordinal)).ToList();
        Assert.Equal(2 * 25, lines.Count);
        Assert.Contains("0000.png", lines[0], StringComparison.Ordinal);
        Assert.Contains("0001.png", lines[2], StringComparison.Ordinal);
        Assert.Contains("15 more images", output, StringComparison.Ordinal);
        Assert.Contains("softmax", output, StringComparison.Ordinal);
        Assert.Contains("rank  100%  40/40", error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_ranked_is_told()
    {
        var some = _images.File("0000.png");
        AssertFails(["rank", _model, "--images", some], "no texts to rank");
        AssertFails(["rank", _model, "--images", some, "--texts", "a", " "], "text 2 is blank");
        AssertFails(["rank", _model, "--images", some, "--texts", "a", "--top", "0"], "--top 0");
        AssertFails(["rank", _model, "--images", some, "--texts", "a", "--templates", "none"], "neither flip7");
        File.WriteAllText(_folder.File("blank.txt"), "a\n\n");
        AssertFails(["rank", _model, "--images", some, "--texts-from", _folder.File("blank.txt")], "blank.txt, line 2");
        _images.AddBytes("bad.png", [1, 2]);
        AssertFails(["rank", _model, "--images", _images.Path, "--texts", "a"], "'bad.png' cannot be used");
        var allowed = Rank(["--images", _images.Path, "--texts", "a", "--allow-missing"]);
        Assert.Equal("bad.png", allowed.GetProperty("missing")[0].GetProperty("key").GetString());
        Assert.Equal(6, allowed.GetProperty("results").GetArrayLength());
        AssertFails(["rank", _model, "--images", _images.File("bad.png"), "--texts", "a", "--allow-missing"], "None of the 1 images");
    }

    private static void Check(JsonElement result, string kind, double[] cosines, string[] names, double scale)
    {
        var matches = result.GetProperty("matches").EnumerateArray().ToList();
        var order = Enumerable.Range(0, cosines.Length).OrderByDescending(i => (float)cosines[i]).ToList();
        var sum = cosines.Sum(cosine => Math.Exp(scale * cosine));
        Assert.Equal(order.Select(i => names[i]), matches.Select(match => match.GetProperty(kind).GetString()));
        Assert.Equal(order.Select(i => cosines[i]), matches.Select(match => match.GetProperty("cosine").GetDouble()), (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.Equal(
            order.Select(i => Math.Exp(scale * cosines[i]) / sum),
            matches.Select(match => match.GetProperty("probability").GetDouble()),
            (a, b) => Math.Abs(a - b) < 1e-5);
        Assert.Equal(1, matches.Sum(match => match.GetProperty("probability").GetDouble()), 1e-9);
    }

    private static double Cosine(float[] a, float[] b) => a.Zip(b, (x, y) => (double)x * y).Sum();

    private JsonElement Rank(string[] options)
    {
        var (code, output, error) = Run(["rank", _model, "--json", .. options]);
        Assert.True(code == 0, error);
        return JsonDocument.Parse(output).RootElement;
    }

    /// <summary>Rows of what <c>flip embed</c> writes.</summary>
    private float[][] Embed(string kind, string source)
    {
        var file = _folder.File($"{Guid.NewGuid():N}.safetensors");
        var (code, _, error) = Run(["embed", _model, kind, source, "--out", file]);
        Assert.True(code == 0, error);
        using var reader = new SafetensorsReader(file);
        return [.. reader.ReadFloats("embeddings").Chunk(8)];
    }
}
