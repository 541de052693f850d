using System.Security.Cryptography;
using System.Text.Json;
using Flip.Conversion;
using Flip.Data.Images;
using Flip.Ingest.Formats;
using Flip.Ingest.Tables;
using Flip.Models;
using Flip.Storage;
using Flip.Tasks.Curation;
using Flip.Tests.Cli;
using Flip.Tests.Data.Images;
using Flip.Tests.Ingest;
using SkiaSharp;

namespace Flip.Tests.Tasks.Curation;

public sealed class PairScoringTests : IDisposable
{
    private static readonly string[] Captions = ["a red dog runs", "a blue cat sits", "two birds on a tree"];

    private readonly TemporaryFolder _folder = new();
    private readonly LoadedModel _model;

    public PairScoringTests()
    {
        TinyModel.Save(_folder.File("model"));
        _model = ModelSource.Load(_folder.File("model"));
    }

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_score_is_the_product_of_the_embeddings_and_the_caption_that_fits_best_counts()
    {
        var summary = Score("scores", Pairs());
        var rows = Rows("scores");
        Assert.Equal(Pairs().Count, rows.Count);
        foreach (var (pair, row) in Pairs().Zip(rows).Where(both => both.Second.Error is null))
        {
            var products = pair.Captions.Select(caption => Product(pair.Image, caption)).ToList();
            Assert.Equal(products.Max(), float.Parse(row.Similarity!, System.Globalization.CultureInfo.InvariantCulture), 1e-5);
            Assert.Equal(products.IndexOf(products.Max()), int.Parse(row.Caption!, System.Globalization.CultureInfo.InvariantCulture));
        }

        Assert.Equal([(3, "not downloaded"), (11, "no caption"), (16, "gone")], rows.Index().Where(row => row.Item.Error is not null && row.Index != 8).Select(row => (row.Index, row.Item.Error!)));
        Assert.NotNull(rows[8].Error); // three bytes are no image
        Assert.Equal((Pairs().Count, Pairs().Count - 4), (summary.Rows, summary.Scored));
        Assert.Equal(4, summary.Errors.Values.Sum());
    }

    [Fact]
    public void Rows_have_the_samples_own_key_where_there_is_one_and_what_else_names_them()
    {
        Score("scores", [
            new SourcePair { Key = "00000/a", Image = Image(0), Captions = ["x"], Fields = Fields("""{"key": "000000007", "uid": "00aa", "url": "http://a/1.jpg"}""") },
            new SourcePair { Key = "list 2", Image = Image(1), Captions = ["x"] },
        ]);
        var table = TableFiles.Open(_folder.File("scores/00000.parquet"));
        Assert.Equal(["key", "uid", "url", "similarity", "caption", "error"], table.Columns);
        Assert.Equal([("000000007", "00aa", "http://a/1.jpg"), ("list 2", null, null)], table.Read().Select(row => (row.Text(0)!, row.Text(1), row.Text(2))));
    }

    /// <summary>A reading that fails stands for a kill.</summary>
    [Fact]
    public void A_scoring_that_is_stopped_or_divided_gives_the_same_bytes()
    {
        Score("whole", Pairs());
        var whole = Contents("whole");
        Assert.Equal(4, whole.Count);
        for (var stop = 0; stop < Pairs().Count; stop += 3)
        {
            Assert.Throws<IOException>(() => new PairScoring(new MemoryPairs(Pairs()) { FailAt = stop }, _model, Options()).Run(_folder.File("stopped")));
        }

        File.WriteAllText(_folder.File($"stopped/00002.parquet.{new string('a', 16)}.tmp"), "left by a kill");
        Score("stopped", Pairs());
        Assert.Equal(whole, Contents("stopped"));

        for (var part = 3; part >= 1; part--)
        {
            var scoring = new PairScoring(new MemoryPairs(Pairs()), _model, Options() with { Part = part, Parts = 3 });
            Assert.Equal(part == 1 ? 10 : 5, scoring.Planned);
            scoring.Run(_folder.File("parts"));
        }

        Assert.Equal(whole, Contents("parts"));
        Assert.Equal(whole, Scored("uncounted", new MemoryPairs(Pairs()) { IsCounted = false }));
    }

    [Fact]
    public void Scores_of_another_source_or_model_are_refused()
    {
        Score("scores", Pairs());
        Assert.Contains("entries was '20' and is '19'", Assert.Throws<ConfigException>(() => Score("scores", Pairs()[1..])).Message, StringComparison.Ordinal);
        TinyModel.Save(_folder.File("other"), seed: 4);
        using var other = ModelSource.Load(_folder.File("other"));
        Assert.Contains("weights was", Assert.Throws<ConfigException>(() => new PairScoring(new MemoryPairs(Pairs()), other, Options()).Run(_folder.File("scores"))).Message, StringComparison.Ordinal);

        File.WriteAllText(_folder.File("scores/00001.parquet"), "no table");
        Assert.Contains("Delete it", Assert.Throws<ConfigException>(() => Score("scores", Pairs())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_threshold_keeps_the_share_that_it_is_named_for()
    {
        var rows = Enumerable.Range(1, 100).Select(i => new PairScore($"{i}", null, null, i / 100f, 0, null)).ToList();
        ScoreTable.Write(_folder.File("a.parquet"), rows[40..]);
        ScoreTable.Write(_folder.File("b.parquet"), [.. rows[..40], new PairScore("x", null, null, null, null, "broken")]);
        var summary = ScoreSummary.Of([_folder.File("a.parquet"), _folder.File("b.parquet")]);
        Assert.Equal((101, 100, 0.505), (summary.Rows, summary.Scored, Math.Round(summary.Mean!.Value, 6)));
        Assert.All(summary.Thresholds, threshold => Assert.Equal(threshold.Share * 100, rows.Count(row => row.Similarity >= (float)threshold.Similarity), 1e-9));
    }

    /// <summary>Twenty entries: a table of five has a batch of four and one of one.</summary>
    private static List<SourcePair> Pairs() => [.. Enumerable.Range(0, 20).Select(i => new SourcePair
    {
        Key = $"entry {i}",
        Image = i switch { 3 => default, 8 => new byte[] { 1, 2, 3 }, _ => Image(i) },
        Url = i == 3 ? "http://a/3.jpg" : null,
        Captions = i == 11 ? [] : i % 4 == 1 ? Captions : [Captions[i % 3]],
        Problem = i == 16 ? new BadSource("gone", "it is gone") : null,
    })];

    private static byte[] Image(int number) => TestImages.Encode(20 + number, 30 - number, SKEncodedImageFormat.Png);

    private static Dictionary<string, JsonElement> Fields(string json) =>
        JsonDocument.Parse(json).RootElement.EnumerateObject().ToDictionary(field => field.Name, field => field.Value);

    private static ScoreOptions Options() => new() { Source = "s", RowsPerTable = 5 };

    private ScoreSummary Score(string name, List<SourcePair> pairs) => new PairScoring(new MemoryPairs(pairs), _model, Options()).Run(_folder.File(name));

    private SortedDictionary<string, string> Scored(string name, IPairReader reader)
    {
        new PairScoring(reader, _model, Options()).Run(_folder.File(name));
        return Contents(name);
    }

    private float Product(ReadOnlyMemory<byte> image, string caption)
    {
        var encoder = new InferenceEncoder(_model.Model);
        var pixels = new byte[encoder.ImageSize * encoder.ImageSize * 3];
        EvaluationTransform.Of(_model.Config).Apply(image.Span, pixels);
        var tokens = new int[encoder.TextLength];
        var length = _model.Tokenizer.EncodeRow(caption, tokens);
        return encoder.EncodeImages(pixels, 1).Zip(encoder.EncodeTexts(tokens, new[] { length }, 1)).Sum(pair => pair.First * pair.Second);
    }

    private List<(string? Similarity, string? Caption, string? Error)> Rows(string name) =>
        [.. TableFiles.Open(_folder.File($"{name}/*.parquet")).Read().Select(row => (row.Text(3), row.Text(4), row.Text(5)))];

    private SortedDictionary<string, string> Contents(string name) => new(Directory.EnumerateFiles(_folder.File(name), "*", SearchOption.AllDirectories)
        .Where(file => Path.GetExtension(file) != ".json")
        .ToDictionary(file => Path.GetRelativePath(_folder.File(name), file), file => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))));
}
