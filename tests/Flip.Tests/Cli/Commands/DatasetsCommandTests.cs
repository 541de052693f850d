using System.Text.Json;
using Flip.Tests.Data.Layouts;

namespace Flip.Tests.Cli.Commands;

[Collection(Alone.Name)]
public sealed class DatasetsCommandTests : IDisposable
{
    private readonly LayoutFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void All_are_listed()
    {
        var (code, output, _) = CommandRun.Run(["datasets"]);
        Assert.Equal(0, code);
        Assert.All(["imagenet-sketch", "elevenPointMap", "flickr30k", "meanTop1Top5"], part => Assert.Contains(part, output, StringComparison.Ordinal));
        var list = JsonDocument.Parse(CommandRun.Run(["datasets", "--json"]).Output).RootElement.EnumerateArray().ToList();
        Assert.Equal(39, list.Count);
        var pets = list.Single(set => set.GetProperty("name").GetString() == "pets");
        Assert.Equal((37, "meanPerClass", 3669), (pets.GetProperty("classes").GetInt32(), pets.GetProperty("metric").GetString(), pets.GetProperty("images").GetInt32()));
    }

    [Fact]
    public void One_is_told_with_its_files_and_results()
    {
        var (code, output, _) = CommandRun.Run(["datasets", "imagenet"]);
        Assert.Equal(0, code);
        Assert.All(
            ["val/nshards.txt", "CLASS/*.jpg", "tench (n01440764)", "and 995 more", "74.3", "linearProbe", "arXiv"],
            part => Assert.Contains(part, output, StringComparison.Ordinal));
        var json = JsonDocument.Parse(CommandRun.Run(["datasets", "imagenet", "--json"]).Output).RootElement;
        Assert.Equal(1000, json.GetProperty("classes").GetArrayLength());
        Assert.Contains(json.GetProperty("results").EnumerateArray(), result => result.GetProperty("value").GetDouble() == 0.743);
    }

    [Fact]
    public void A_folder_is_checked()
    {
        _folder.Image("eurosat/2750/River/1.jpg").Image("eurosat/2750/River/2.jpg");
        var (code, output, error) = CommandRun.Run(["datasets", "eurosat", "--data", _folder.Path]);
        Assert.True(code == 0, error);
        Assert.Contains("2 images of 10 classes", output, StringComparison.Ordinal);
        Assert.Contains("9 classes have no image: annual crop land;", output, StringComparison.Ordinal);
        var json = JsonDocument.Parse(CommandRun.Run(["datasets", "sst2", "--json", "--data", Sst2()]).Output).RootElement;
        Assert.Equal((1, 1), (json.GetProperty("images").GetInt32(), json.GetProperty("classesWithoutImage").GetArrayLength()));
        Assert.Contains("1821 as published", json.GetProperty("difference").GetString(), StringComparison.Ordinal);
        CommandRun.AssertFails(["datasets", "eurosat", "--data", _folder.File("none")], "none", "is no source of labelled images");
        CommandRun.AssertFails(["datasets", "euro-sat"], "did you mean eurosat?");
        Assert.NotEqual(0, CommandRun.Run(["datasets", "--data", "x"]).Code);
    }

    private string Sst2()
    {
        _folder.Image("sst2/test/positive/1.png");
        return _folder.File("sst2");
    }
}
