using System.Text.Json;
using Flip.Tests.Data.Images;
using static Flip.Tests.Cli.CommandRun;

namespace Flip.Tests.Cli.Commands.Search;

[Collection(Alone.Name)]
public sealed class SearchCommandTests : IDisposable
{
    private readonly ImageFolderFixture _images = new();
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;
    private readonly string _index;

    public SearchCommandTests()
    {
        (_model, _index) = (_folder.File("model"), _folder.File("photos.index"));
        TinyModel.Save(_model);
        _images.Add(6);
    }

    public void Dispose()
    {
        _images.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Search_finds_what_rank_ranks_first_with_the_same_cosines()
    {
        var indexed = Parse("index", _model, _images.Path, "--out", _index, "--json");
        Assert.Equal(6, indexed.GetProperty("changes").GetProperty("added").GetInt64());
        var found = Parse("search", _index, "a red dog", "a blue cat", "--top", "4", "--json").GetProperty("results");
        var ranked = Parse("rank", _model, "--images", _images.Path, "--texts", "a red dog", "a blue cat", "--by", "text", "--top", "4", "--json").GetProperty("results");
        foreach (var (query, expected) in found.EnumerateArray().Zip(ranked.EnumerateArray()))
        {
            Assert.Equal(expected.GetProperty("text").GetString(), query.GetProperty("text").GetString());
            foreach (var (match, wanted) in query.GetProperty("matches").EnumerateArray().Zip(expected.GetProperty("matches").EnumerateArray()))
            {
                Assert.Equal(wanted.GetProperty("image").GetString(), match.GetProperty("image").GetString());
                Assert.Equal(wanted.GetProperty("cosine").GetDouble(), match.GetProperty("cosine").GetDouble(), 1e-5);
                Assert.Equal(_images.File(match.GetProperty("image").GetString()!), match.GetProperty("path").GetString());
            }
        }
    }

    [Fact]
    public void An_image_finds_itself_and_a_page_shows_it()
    {
        Done("index", _model, _images.Path, "--out", _index);
        var output = Done("search", _index, "--image", _images.File("0002.png"), "--top", "2", "--html", _folder.File("page.html"));
        Assert.Contains("1.000", output, StringComparison.Ordinal);
        Assert.Contains("0002.png", output, StringComparison.Ordinal);
        var page = File.ReadAllText(_folder.File("page.html"));
        Assert.Equal(2, page.Split("data:image/jpeg;base64,").Length - 1);
        Assert.DoesNotContain("http", page.Replace("http-equiv", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void Texts_of_a_file_are_looked_for_and_templates_are_averaged()
    {
        Done("index", _model, _images.Path, "--out", _index, "--no-thumbnails", "--format", "Int8");
        File.WriteAllLines(_folder.File("texts.txt"), ["a red dog", "the green car"]);
        var found = Parse("search", _index, "birds", "--texts-from", _folder.File("texts.txt"), "--json").GetProperty("results");
        Assert.Equal(["birds", "a red dog", "the green car"], found.EnumerateArray().Select(query => query.GetProperty("text").GetString()));
        Assert.Equal(1, Parse("search", _index, "dog", "--templates", "flip7", "--top", "1", "--json").GetProperty("results")[0].GetProperty("matches").GetArrayLength());
    }

    [Fact]
    public void The_same_command_again_says_what_changed_and_lists_what_it_left_out()
    {
        Assert.Contains("6 added, 0 replaced, 0 removed, 0 as they were. 6 were embedded", Done("index", _model, _images.Path, "--out", _index), StringComparison.Ordinal);
        File.Delete(_images.File("0001.png"));
        _images.Add("0002.png", 90);
        _images.AddBytes("bad.png", [1, 2]);
        var output = Done("index", _model, _images.Path, "--out", _index);
        Assert.Contains("Left out: bad.png: ", output, StringComparison.Ordinal);
        Assert.Contains("5 images in ", output, StringComparison.Ordinal);
        Assert.Contains("0 added, 1 replaced, 1 removed, 4 as they were, 1 left out. 1 were embedded", output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_recall_of_a_small_index_is_one()
    {
        Done("index", _model, _images.Path, "--out", _index);
        var recall = Parse("search", _index, "--recall", "--top", "3", "--json");
        Assert.Equal((1.0, 6, false), (recall.GetProperty("recall").GetDouble(), recall.GetProperty("samples").GetInt32(), recall.GetProperty("usesGraph").GetBoolean()));
        Assert.Contains("recall@10 1.0000, by 2 of 6 vectors", Done("search", _index, "--recall", "--samples", "2"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_that_moved_is_named_and_another_is_refused()
    {
        Done("index", _model, _images.Path, "--out", _index);
        Directory.Move(_model, _folder.File("moved"));
        AssertFails(["search", _index, "dog"], "is not where it was", "--model names it elsewhere");
        Done("search", _index, "dog", "--model", _folder.File("moved"));
        TinyModel.Save(_folder.File("other"), seed: 4);
        AssertFails(["search", _index, "dog", "--model", _folder.File("other")], "is not the model of the index: its weights are others");
        AssertFails(["index", _folder.File("other"), _images.Path, "--out", _index], "is another model's", "Name another folder");
        _folder.Change("photos.index/index.json", json => json["settings"]!["model"]!["path"] = "//host/share/model");
        AssertFails(["search", _index, "dog"], "which is not taken from a file");
    }

    [Fact]
    public void An_index_is_exported()
    {
        Done("index", _model, _images.Path, "--out", _index);
        Assert.Contains("6 images in ", Done("index", "export", _index, "--out", _folder.File("x.parquet")), StringComparison.Ordinal);
        AssertFails(["index", "export", _index, "--out", _folder.File("x.parquet")], "exists");
        AssertFails(["index", "export", _index, "--out", _folder.File("x.csv")], "write .parquet");
        AssertFails(["index", "export", _index], "--out or --qdrant");
        AssertFails(["index", "export", _index, "--qdrant", "http://localhost:1"], "go together");
        AssertFails(["index", "export", _index, "--qdrant", "localhost", "--collection", "x"], "no address of a server");
    }

    [Fact]
    public void What_is_missing_or_wrong_is_said_in_one_line()
    {
        AssertFails(["search", _folder.File("nothing"), "dog"], "it is no index");
        AssertFails(["search", _index], "There is nothing to look for");
        AssertFails(["search", _index, "dog", "--recall"], "--recall takes no texts");
        AssertFails(["search", _index, "dog", " "], "text 2 is blank");
        AssertFails(["search", _index, "dog", "--top", "0"], "--top 0: must be at least 1");
        AssertFails(["index", _model, _images.Path, "--out", _index, "--connectivity", "1"], "--connectivity 1: must be at least 4");
        AssertFails(["index", _model, _folder.File("nowhere"), "--out", _index], "is no source of images");
        Assert.False(Directory.Exists(_index));
    }

    private static string Done(params string[] args)
    {
        var (code, output, error) = Run(args);
        Assert.True(code == 0, error);
        return output;
    }

    private static JsonElement Parse(params string[] args) => JsonDocument.Parse(Done(args)).RootElement;
}
