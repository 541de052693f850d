using System.Text.Json;
using Flip.Data.Classes;
using Flip.Data.Layouts;
using Flip.Evaluation.DataSets;
using Flip.Evaluation.Outcomes;
using Flip.Tests.Data.Layouts;
using Registry = Flip.Evaluation.DataSets.DataSets;

namespace Flip.Tests.Evaluation.DataSets;

public sealed class DataSetsTests : IDisposable
{
    private readonly LayoutFolder _folder = new();

    /// <summary>Every entry with every layout and every place in which it may begin.</summary>
    public static TheoryData<string, int, string> LabelledLayouts
    {
        get
        {
            var rows = new TheoryData<string, int, string>();
            foreach (var set in Registry.All)
            {
                foreach (var (index, layout) in set.LabelledLayouts.Index())
                {
                    foreach (var at in layout.At)
                    {
                        rows.Add(set.Name, index, at);
                    }
                }
            }

            return rows;
        }
    }

    public static TheoryData<string, int> CaptionedLayouts => [.. Registry.All
        .SelectMany(set => set.CaptionedLayouts.Select((_, index) => (set.Name, index)))];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(LabelledLayouts))]
    public void Every_entry_is_read_from_a_miniature_in_its_layouts(string name, int layout, string at)
    {
        var set = Registry.Get(name);
        var miniature = new Miniature(set, _folder, at);
        miniature.Write(set.LabelledLayouts[layout]);

        // All layouts of the entry are tried, as for a user, who does not say which.
        var opened = set.OpenLabelled(_folder.Path);
        Assert.Equal(set.Classes.Select(entry => entry.Name), opened.ClassNames);
        Assert.Equal(miniature.Labels.Order(), opened.Labels.Select(label => Assert.Single(label)).Order());
        Assert.Equal(opened.Labels.Count, opened.Images.Count);
        LayoutFolder.AssertReadable(opened.Images);
        Assert.Equal(set.Images is null, set.DifferenceFromPublished(opened.Images.Count) is null);
    }

    [Theory]
    [MemberData(nameof(CaptionedLayouts))]
    public void Every_retrieval_entry_is_read_from_a_miniature_in_its_layouts(string name, int index)
    {
        var set = Registry.Get(name);
        foreach (var place in WriteCaptions(set, set.CaptionedLayouts[index]))
        {
            var opened = set.OpenCaptioned(place);
            Assert.Equal([["a dog", "a brown dog, running"], ["a cat"]], opened.Captions);
            LayoutFolder.AssertReadable(opened.Images);
        }
    }

    [Theory]
    [InlineData("imagenet", 1000, "top1")]
    [InlineData("imagenet-v2", 1000, "top1")]
    [InlineData("imagenet-a", 200, "top1")]
    [InlineData("imagenet-r", 200, "top1")]
    [InlineData("imagenet-sketch", 1000, "top1")]
    [InlineData("objectnet", 113, "top1")]
    [InlineData("imagenet-vid", 30, "top1")]
    [InlineData("ytbb", 23, "top1")]
    [InlineData("food101", 101, "top1")]
    [InlineData("cifar10", 10, "top1")]
    [InlineData("cifar100", 100, "top1")]
    [InlineData("birdsnap", 500, "top1")]
    [InlineData("sun397", 397, "top1")]
    [InlineData("cars", 196, "top1")]
    [InlineData("aircraft", 100, "meanPerClass")]
    [InlineData("voc2007", 20, "elevenPointMap")]
    [InlineData("dtd", 47, "top1")]
    [InlineData("pets", 37, "meanPerClass")]
    [InlineData("caltech101", 102, "meanPerClass")]
    [InlineData("flowers102", 102, "meanPerClass")]
    [InlineData("mnist", 10, "top1")]
    [InlineData("stl10", 10, "top1")]
    [InlineData("eurosat", 10, "top1")]
    [InlineData("resisc45", 45, "top1")]
    [InlineData("gtsrb", 43, "top1")]
    [InlineData("kitti-distance", 4, "top1")]
    [InlineData("country211", 211, "top1")]
    [InlineData("pcam", 2, "top1")]
    [InlineData("ucf101", 101, "top1")]
    [InlineData("kinetics700", 700, "meanTop1Top5")]
    [InlineData("clevr-counts", 8, "top1")]
    [InlineData("hateful-memes", 2, "rocAuc")]
    [InlineData("sst2", 2, "top1")]
    [InlineData("fashion-mnist", 10, "top1")]
    [InlineData("tiny-imagenet", 200, "top1")]
    [InlineData("flickr8k", 0, "recall")]
    [InlineData("flickr30k", 0, "recall")]
    [InlineData("coco", 0, "recall")]
    [InlineData("nocaps", 0, "recall")]
    public void The_classes_and_the_metric_are_the_published_ones(string name, int classes, string metric)
    {
        var set = Registry.Get(name);
        Assert.Equal(classes, set.Classes.Count);
        Assert.Equal(metric, JsonNamingPolicy.CamelCase.ConvertName(set.Metric.ToString()));
        Assert.All(set.Templates, template => Assert.Contains(ClassTemplates.Placeholder, template, StringComparison.Ordinal));
        Assert.Equal(set.Task == DataSetTask.Retrieval, set.Templates.Count == 0);
        Assert.NotEmpty(set.Layouts);
    }

    [Fact]
    public void The_test_of_counts_knows_every_entry() => Assert.Equal(
        39, Registry.Names.Count);

    [Fact]
    public void Classes_are_called_as_their_publishers_do()
    {
        static int? Find(string set, string text) => new ClassTable(Registry.Get(set).Classes).Find(text);
        Assert.Equal(0, Find("imagenet", "n01440764"));
        Assert.Equal(999, Find("imagenet", "n15075141"));
        Assert.Equal(("tench", "toilet paper"), (Name("imagenet", 0), Name("imagenet", 999)));
        Assert.Equal("off-center face", Name("caltech101", Find("caltech101", "Faces")!.Value));
        Assert.Equal("apartment building outdoor", Name("sun397", Find("sun397", "a/apartment_building/outdoor")!.Value));
        Assert.Equal("annual crop land", Name("eurosat", Find("eurosat", "AnnualCrop")!.Value));
        Assert.Equal("Cote d'Ivoire", Name("country211", Find("country211", "CI")!.Value));
        Assert.Equal("american bulldog", Name("pets", 1));
        Assert.Equal(0, Find("flowers102", "1"));
        Assert.Equal("pink primrose", Name("flowers102", 0));
        Assert.Equal("10", Name("clevr-counts", 7));
        static string Name(string set, int number) => Registry.Get(set).Classes[number].Name;
    }

    [Fact]
    public void Subsets_of_ImageNet_keep_its_order_and_names()
    {
        var all = Registry.Get("imagenet").Classes.Select(entry => entry.Aliases[0]).ToList();
        Assert.Equal(all.Order(StringComparer.Ordinal), all);
        foreach (var name in (string[])["imagenet-a", "imagenet-r", "tiny-imagenet"])
        {
            var subset = Registry.Get(name).Classes;
            Assert.Equal(all.Intersect(subset.Select(entry => entry.Aliases[0])), subset.Select(entry => entry.Aliases[0]));
        }
    }

    [Fact]
    public void References_are_those_of_the_paper()
    {
        var results = Registry.Get("imagenet").Results;
        Assert.Contains(new ReferenceResult("FLIP ViT-L/16, LAION-400M", 0.743, "FLIP, arXiv 2212.00794"), results);
        Assert.Contains(results, result => result is { Measure: "linearProbe", Value: 0.836 });
        Assert.Contains(
            Registry.Get("coco").Results, result => result is { Measure: "textToImage/R@1", Value: 0.442, Model: "FLIP ViT-L/14" });
        Assert.All(Registry.All.SelectMany(set => set.Results), result => Assert.InRange(result.Value, 0.01, result.Measure == "CIDEr-D" ? 2 : 1));
    }

    [Fact]
    public void An_unknown_name_is_told_with_the_nearest()
    {
        var error = Assert.Throws<ConfigException>(() => Registry.Get("cifar-10"));
        Assert.Contains("did you mean cifar10?", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_of_another_set_says_what_was_looked_for()
    {
        _folder.Image("dogs/1.jpg").Image("cats/1.jpg");
        var error = Assert.Throws<ConfigException>(() => Registry.Get("food101").OpenLabelled(_folder.Path)).Message;
        Assert.Contains("meta/test.txt", error, StringComparison.Ordinal);
        Assert.Contains("test/nshards.txt", error, StringComparison.Ordinal);
        Assert.Contains("'dogs'", error, StringComparison.Ordinal);
        Assert.Contains("'apple pie'", error, StringComparison.Ordinal);
    }

    private List<string> WriteCaptions(DataSetDescription set, CaptionedLayout layout)
    {
        string[] captions = ["a dog", "a brown dog, running"];
        switch (layout)
        {
            case CaptionedWebDataset:
                _folder.Text("wds/dataset_type.txt", "retrieval").Text($"wds/{set.Split}/nshards.txt", "1")
                    .Shard($"wds/{set.Split}/0.tar", "txt", [.. "a dog\na brown dog, running"u8], [.. "a cat"u8]);
                return [_folder.File("wds")];
            case CaptionedShards:
                _folder.Shard($"shards/{set.Split}-0000.tar", "json", [.. """{"captions": ["a dog", "a brown dog, running"]}"""u8], [.. """{"captions": ["a cat"]}"""u8]);
                return [_folder.File("shards")];
            case KarpathyCaptions karpathy:
                return karpathy.Images.Select((images, i) => WriteKarpathy($"{i}", karpathy.File, images, set.Name == "coco" ? "val2014" : null)).ToList();
            case CocoCaptions coco:
                return coco.Images.Select((images, i) =>
                {
                    _folder.Text(
                        $"{i}/{coco.File.Replace("{split}", set.Split, StringComparison.Ordinal)}",
                        """{"info": {}, "images": [{"id": 7, "file_name": "7.jpg"}, {"id": 3, "file_name": "3.jpg"}],""",
                        """ "annotations": [{"id": 1, "image_id": 3, "caption": "a cat"}, {"id": 2, "image_id": 7, "caption": "a dog"},""",
                        """ {"id": 3, "image_id": 7, "caption": "a brown dog, running"}]}""").Image($"{i}/{images}/7.jpg").Image($"{i}/{images}/3.jpg");
                    return _folder.File($"{i}");
                }).ToList();
            case CaptionList list:
                return list.Images.Select((images, i) =>
                {
                    _folder.Text(
                        $"{i}/{list.File.Replace("{split}", "test", StringComparison.Ordinal)}",
                        ["image,caption", .. captions.Select(caption => $"7.jpg,{caption}"), "3.jpg,a cat"]).Image($"{i}/{images}/7.jpg").Image($"{i}/{images}/3.jpg");
                    return _folder.File($"{i}");
                }).ToList();
            default:
                throw new NotSupportedException(layout.Kind);
        }
    }

    private string WriteKarpathy(string at, string file, string images, string? path)
    {
        string Image(string name, string split, params string[] captions) => JsonSerializer.Serialize(new
        {
            filename = name,
            filepath = path,
            split,
            imgid = 0,
            sentences = captions.Select(caption => new { tokens = caption.Split(' '), raw = caption, sentid = 0 }),
        });
        _folder.Text(
            $"{at}/{file}",
            $$"""
            {"dataset": "x", "images": [{{Image("7.jpg", "test", "a dog", "a brown dog, running")}}, {{Image("1.jpg", "train", "a bird")}}, {{Image("3.jpg", "test", "a cat")}}]}
            """);
        _folder.Image($"{at}/{images}/{path}/7.jpg").Image($"{at}/{images}/{path}/3.jpg");
        return _folder.File(at);
    }
}
