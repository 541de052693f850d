using System.Formats.Tar;
using System.Text;
using System.Text.Json;
using Flip.Evaluation.Outcomes;
using SkiaSharp;
using static Flip.Tests.Cli.CommandRun;

namespace Flip.Tests.Cli.Commands;

[Collection(Alone.Name)]
public sealed class ProbeCommandTests : IDisposable
{
    private const int Classes = 3;

    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public ProbeCommandTests()
    {
        _model = _folder.File("model");
        TinyModel.Save(_model);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void All_methods_are_measured_and_written()
    {
        var (train, test) = (Shard("train", 36, 0), Shard("test", 12, 1));
        File.WriteAllText(_folder.File("classes.json"), """["dark", "middle", "bright"]""");
        string[] command =
        [
            "probe", _model, "--train", train, "--test", test, "--classes", _folder.File("classes.json"), "--shots", "1,4", "--seeds", "2", "--k", "5",
            "--lars-batch", "12", "--lars-rate", "8", "--views", "2", "--cache", _folder.File("cache"), "--out", _folder.File("out"),
        ];
        var (code, output, error) = Run([.. command, "--json"]);
        Assert.True(code == 0, error);
        var report = JsonDocument.Parse(output).RootElement;
        Assert.Equal(output.TrimEnd(), File.ReadAllText(_folder.File("out/results.json")));
        var rows = report.GetProperty("rows").EnumerateArray().ToDictionary(row => row.GetProperty("method").GetString()!);
        Assert.Equal(["logistic", "lars", "knn", "knn-majority", "fewshot-1", "fewshot-4"], rows.Keys);

        // Classes that differ in brightness are told apart even by first weights.
        Assert.All(rows.Where(row => row.Key != "lars"), row => Assert.InRange(row.Value.GetProperty("top1").GetDouble(), 0.9, 1));
        Assert.Equal(["pooled", "embedding"], ((string[])["logistic", "knn"]).Select(method => rows[method].GetProperty("feature").GetString()));
        Assert.Equal(2, rows["fewshot-4"].GetProperty("details").GetArrayLength());
        Assert.Equal(JsonValueKind.Null, rows["logistic"].GetProperty("top1Deviation").ValueKind);
        Assert.Equal(36, report.GetProperty("train").GetProperty("images").GetInt32());
        Assert.Equal(64, report.GetProperty("weights").GetString()!.Length);
        Assert.Contains("lars: 270 steps", Assert.Single(report.GetProperty("notes").EnumerateArray()).GetString(), StringComparison.Ordinal);
        var written = EvaluationReport.Read(_folder.File("out/logistic"));
        Assert.Equal(("logistic", "None"), (written.Header.Method, written.Header.Mask));
        Assert.Equal(rows["logistic"].GetProperty("top1").GetDouble(), Assert.Single(written.Results).Value, 12);
        Assert.Equal(12, File.ReadLines(_folder.File($"out/logistic/{written.Results[0].Name}.predictions.jsonl")).Count(line => line.Contains("test/0000", StringComparison.Ordinal)));
        Assert.True(File.Exists(_folder.File("out/knn-majority/report.html")));

        // Test and train in both kinds, and two views; the second time nothing is extracted, and the figures are the same.
        Assert.Equal(6, Directory.GetFiles(_folder.File("cache"), "*.safetensors").Length);
        var times = Directory.GetFiles(_folder.File("cache")).Select(File.GetLastWriteTimeUtc).ToArray();
        var table = Run(command).Output;
        Assert.Equal(times, Directory.GetFiles(_folder.File("cache")).Select(File.GetLastWriteTimeUtc));
        Assert.Contains("fewshot-4", table, StringComparison.Ordinal);
        Assert.Contains("36 training and 12 test images of 3 classes; shares in percent.", table, StringComparison.Ordinal);
    }

    [Fact]
    public void One_method_one_feature_and_a_given_lambda()
    {
        var (train, test) = (Shard("train", 12, 0), Shard("test", 6, 1));
        var (code, output, error) = Run(
            ["probe", _model, "--train", train, "--test", test, "--method", "logistic,knn", "--feature", "Pooled", "--lambda", "0.01", "--scaling", "Standardize", "--cache", _folder.File("cache"), "--json"]);
        Assert.True(code == 0, error);
        var rows = JsonDocument.Parse(output).RootElement.GetProperty("rows").EnumerateArray().ToList();
        Assert.Equal(["logistic", "knn", "knn-majority"], rows.Select(row => row.GetProperty("method").GetString()));
        Assert.All(rows, row => Assert.Equal("pooled", row.GetProperty("feature").GetString()));
        Assert.Equal("λ 1e-2", rows[0].GetProperty("setting").GetString());
        Assert.Equal(0, rows[0].GetProperty("details")[0].GetProperty("sweep").GetArrayLength());
    }

    [Fact]
    public void What_cannot_be_is_refused_before_the_model_is_loaded()
    {
        var (train, test) = (Shard("train", 12, 0), Shard("test", 6, 1));
        string[] command = ["probe", "no model", "--train", train, "--test", test, "--cache", _folder.File("cache")];
        AssertFails([.. command, "--method", "svm"], "--method svm: expected logistic, lars, knn, fewshot, or all");
        AssertFails([.. command, "--k", "0", "--seeds", "0"], "--k 0", "--seeds 0");
        AssertFails([.. command, "--shots", "1,x"], "'x' is no number");
        AssertFails([.. command, "--shots", "5"], "--shots 5", "has 4 training images");
        File.WriteAllText(_folder.File("classes.json"), """["dark", "middle"]""");
        AssertFails([.. command, "--classes", _folder.File("classes.json")], "'000002'", "2");
        AssertFails(["probe", "no model", "--train", _folder.File("none-*.tar"), "--test", test], "none-*.tar");
    }

    [Fact]
    public void A_bad_image_is_named_or_left_out_and_counted()
    {
        var (train, test) = (Shard("train", 13, 0, bad: 7), Shard("test", 6, 1));
        string[] command = ["probe", _model, "--train", train, "--test", test, "--method", "knn", "--cache", _folder.File("cache")];
        AssertFails(command, "'000007'", "cannot be used");
        var (code, output, error) = Run([.. command, "--allow-missing"]);
        Assert.True(code == 0, error);
        Assert.Contains("12 training and 6 test images of 3 classes (1 and 0 left out)", output, StringComparison.Ordinal);
        AssertFails(command, "'train/000007' cannot be used", "--allow-missing");
    }

    /// <summary>Images whose brightness is that of their class, and a little their own.</summary>
    private string Shard(string name, int count, int draw, int bad = -1)
    {
        var path = _folder.File($"{name}.tar");
        using var writer = new TarWriter(File.Create(path), TarEntryFormat.Ustar);
        var random = new Random(draw);
        for (var i = 0; i < count; i++)
        {
            using var bitmap = new SKBitmap(20, 16);
            bitmap.Erase(new SKColor((byte)((i % Classes * 90) + random.Next(20)), (byte)((i % Classes * 90) + random.Next(20)), 90));
            using var image = bitmap.Encode(SKEncodedImageFormat.Png, 100);
            Add($"{i:D6}.png", i == bad ? [1, 2, 3] : image.ToArray());
            Add($"{i:D6}.cls", Encoding.ASCII.GetBytes($"{i % Classes}"));
        }

        return path;

        void Add(string member, byte[] content) =>
            writer.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, member) { DataStream = new MemoryStream(content) });
    }
}
