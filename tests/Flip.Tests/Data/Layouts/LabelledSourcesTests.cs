using Flip.Data;
using Flip.Data.Classes;
using Flip.Data.Layouts;

namespace Flip.Tests.Data.Layouts;

public sealed class LabelledSourcesTests : IDisposable
{
    private readonly LayoutFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Class_folders_are_numbered_in_the_order_of_their_names()
    {
        _folder.Image("dog/2.jpg").Image("dog/1.png").Image("cat/sub/3.webp").Image("Emu/4.jpeg").Text("cat/notes.txt", "x");
        var set = Open();
        Assert.Equal(["Emu", "cat", "dog"], set.ClassNames);
        Assert.Equal(["Emu/4.jpeg", "cat/sub/3.webp", "dog/1.png", "dog/2.jpg"], set.Images.Keys());
        Assert.Equal([0, 1, 2, 2], set.Labels.Select(label => label[0]));
    }

    [Fact]
    public void Known_classes_keep_their_order_and_are_found_by_name_alias_or_number()
    {
        var classes = new ClassTable([new("great dane", ["n02109047"]), new("apple pie", []), new("emu", [])]);
        _folder.Image("Apple_Pie/1.jpg").Image("n02109047/1.jpg");
        var set = Open(classes);
        Assert.Equal(["great dane", "apple pie", "emu"], set.ClassNames);
        Assert.Equal([1, 0], set.Labels.Select(label => label[0]));

        using var numbered = new LayoutFolder();
        numbered.Image("2/1.jpg").Image("00000/1.jpg");
        Assert.Equal([0, 2], LabelledSources.Open(numbered.Path, new LayoutOptions { Classes = classes }).Labels.Select(label => label[0]));
    }

    [Fact]
    public void A_folder_of_no_known_class_is_told_or_passed_over()
    {
        var classes = new ClassTable(ClassEntry.OfNames(["cat", "dog"]));
        _folder.Image("cat/1.jpg").Image("emu/1.jpg").Image("loose.jpg");
        var error = Assert.Throws<ConfigException>(() => Open(classes));
        Assert.Contains(error.Problems, problem => problem.Contains("'emu'", StringComparison.Ordinal));
        Assert.Contains(error.Problems, problem => problem.Contains("in no class's folder", StringComparison.Ordinal));
        Assert.Single(LabelledSources.Open(_folder.Path, new LayoutOptions { Classes = classes, IgnoreOtherClasses = true }).Labels);
    }

    [Fact]
    public void A_split_has_a_folder_of_its_own_and_val_stands_for_test()
    {
        _folder.Image("train/cat/1.jpg").Image("train/dog/1.jpg").Image("val/cat/2.jpg").Image("val/dog/2.jpg");
        Assert.Equal(["cat/2.jpg", "dog/2.jpg"], Open().Images.Keys());
        Assert.Equal(["cat/1.jpg", "dog/1.jpg"], LabelledSources.Open(_folder.Path, new LayoutOptions { Split = "train" }).Images.Keys());
        Directory.Delete(_folder.File("val"), recursive: true);
        Assert.Contains("no data in a known layout", Assert.Throws<ConfigException>(() => Open()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_a_video_the_middle_frame_is_taken()
    {
        _folder.Image("run/a/1.jpg").Image("run/a/2.jpg").Image("run/a/3.jpg").Image("run/b/7.jpg").Image("jump/single.jpg");
        var set = LabelledSources.Open(_folder.Path, new LayoutOptions { Videos = true });
        Assert.Equal(["jump/single.jpg", "run/a/2.jpg", "run/b/7.jpg"], set.Images.Keys());
        Assert.Equal([0, 1, 1], set.Labels.Select(label => label[0]));
    }

    [Fact]
    public void A_list_has_columns_with_or_without_a_header()
    {
        _folder.Image("a.jpg").Image("sub/b, c.jpg").Text("plain.csv", "a.jpg,dog", "\"sub/b, c.jpg\",\"a \"\"big\"\" cat\"");
        var set = LabelledSources.Open(_folder.File("plain.csv"));
        Assert.Equal(["a \"big\" cat", "dog"], set.ClassNames);
        Assert.Equal([1, 0], set.Labels.Select(label => label[0]));
        _folder.Text("header.tsv", "id\tlabel\tpath", "", "1\t2\tsub/b, c.jpg", "2\t0\ta.jpg");
        set = LabelledSources.Open(_folder.File("header.tsv"));
        Assert.Equal(["0", "1", "2"], set.ClassNames);
        Assert.Equal([2, 0], set.Labels.Select(label => label[0]));
        _folder.Text("lines.jsonl", """{"img": "a.jpg", "label": 1}""", """{"label": "0", "img": "sub\/b, c.jpg"}""");
        Assert.Equal([1, 0], LabelledSources.Open(_folder.File("lines.jsonl")).Labels.Select(label => label[0]));
    }

    [Theory]
    [InlineData("a.csv", "a.jpg", "a.csv, line 1")]
    [InlineData("a.csv", "path,label\na.jpg,emu", "a.csv, line 2: 'emu' is none of the 2 classes")]
    [InlineData("a.csv", "path,label\na.jpg,2", "'2' is none of the 2 classes")]
    [InlineData("a.csv", "a.jpg,cat\na.jpg,dog", "a.csv, line 2: the image 'a.jpg' is there already")]
    [InlineData("a.csv", "b.jpg,cat", "'b.jpg'")]
    [InlineData("a.csv", "\n \n", "no line that lists an image")]
    [InlineData("a.csv", "path,label\n", "no line that lists an image")]
    [InlineData("a.jsonl", "{\"img\": \"a.jpg\"}", "a.jsonl, line 1")]
    [InlineData("a.jsonl", "{\"img\": \"a.jpg\", \"label\": 0}\n[1]", "a.jsonl, line 2")]
    [InlineData("a.jsonl", "{\"img\": 3, \"label\": 0}", "a.jsonl, line 1")]
    public void A_bad_line_of_a_list_is_named(string name, string text, string problem)
    {
        _folder.Image("a.jpg").Text(name, text);
        var error = Assert.Throws<ConfigException>(() =>
            LabelledSources.Open(_folder.File(name), new LayoutOptions { Classes = new ClassTable(ClassEntry.OfNames(["cat", "dog"])) }));
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_image_has_several_labels_where_that_is_meant()
    {
        _folder.Image("a.jpg").Image("b.jpg").Text("a.csv", "a.jpg,dog", "b.jpg,cat", "a.jpg,cat", "a.jpg,dog");
        var set = LabelledSources.Open(_folder.File("a.csv"), new LayoutOptions { SeveralLabels = true });
        Assert.Equal([[0, 1], [0]], set.Labels);
    }

    [Fact]
    public void VOCs_lists_give_labels_and_what_does_not_count()
    {
        _folder.Image("VOCdevkit/VOC2007/JPEGImages/000001.jpg").Image("VOCdevkit/VOC2007/JPEGImages/000002.jpg")
            .Text("VOCdevkit/VOC2007/ImageSets/Main/cat_test.txt", "000001  1", "000002 -1")
            .Text("VOCdevkit/VOC2007/ImageSets/Main/dog_test.txt", "000001  1", "000002  0")
            .Text("VOCdevkit/VOC2007/ImageSets/Main/test.txt", "000001", "000002")
            .Text("VOCdevkit/VOC2007/ImageSets/Main/dog_trainval.txt", "000009 1");
        var set = Open();
        Assert.Equal(["cat", "dog"], set.ClassNames);
        Assert.Equal([[0, 1], []], set.Labels);
        Assert.Equal([[], [1]], set.Ignored!);
        Assert.Equal(["000001", "000002"], set.Images.Keys());
        Assert.Contains("no list of the class 'emu'", Assert.Throws<ConfigException>(() => Open(new(ClassEntry.OfNames(["cat", "dog", "emu"])))).Message, StringComparison.Ordinal);
        _folder.Text("VOCdevkit/VOC2007/ImageSets/Main/cat_test.txt", "../../x 1");
        Assert.Contains("cat_test.txt, line 1", Assert.Throws<ConfigException>(() => Open()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Shards_are_those_of_the_split()
    {
        _folder.Shard("train-0000.tar", "cls", [(byte)'5']).Shard("val-0000.tar", "cls", [(byte)'1'], [(byte)'0']).Shard("val-0001.tar", "cls", [(byte)'2']);
        var set = Open();
        Assert.Equal([1, 0, 2], set.Labels.Select(label => label[0]));
        Assert.Equal(["0", "1", "2"], set.ClassNames);
        Assert.Equal([5], LabelledSources.Open(_folder.Path, new LayoutOptions { Split = "train" }).Labels.Single());
        Assert.Equal([5], LabelledSources.Open(_folder.File("train-*.tar")).Labels.Single());
        var error = Assert.Throws<EvaluationDataException>(() => Open(new(ClassEntry.OfNames(["a", "b"]))));
        Assert.Contains("'s0000000' in '", error.Message, StringComparison.Ordinal);
        Assert.Contains("val-0001.tar", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_real_Tiny_ImageNet_opens_as_shards()
    {
        var set = LabelledSources.Open(SharedData.Require("data/tiny-imagenet"));
        Assert.Equal((2500, 100, "boa constrictor"), (set.Images.Count, set.ClassNames.Count, set.ClassNames[0]));
        Assert.All(set.Labels.CountBy(label => label[0]), count => Assert.Equal(25, count.Value));
        Assert.Equal(16_000, LabelledSources.Open(SharedData.Require("data/tiny-imagenet"), new LayoutOptions { Split = "train" }).Images.Count);
    }

    [Fact]
    public void Names_beside_shards_say_what_their_numbers_mean()
    {
        _folder.Shard("val-0.tar", "cls", [(byte)'0'], [(byte)'1']).Text("classes.json", """[{"label": 0, "names": ["dog"]}, {"label": 1, "names": ["cat"]}]""");
        Assert.Equal(["dog", "cat"], Open().ClassNames);
        Assert.Equal([1, 0], Open(new(ClassEntry.OfNames(["cat", "dog"]))).Labels.Select(label => label[0]));
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("photo.jpg")]
    public void What_is_no_source_is_told(string name) =>
        Assert.Contains($"{name}' is no source of labelled images", Assert.Throws<ConfigException>(() => LabelledSources.Open(_folder.File(name))).Message, StringComparison.Ordinal);

    [Fact]
    public void An_empty_folder_says_what_was_looked_for()
    {
        var error = Assert.Throws<ConfigException>(() => Open()).Message;
        Assert.All(
            ["test/nshards.txt", ".cls", "test_batch.bin", "t10k-images-idx3-ubyte", "test_X.bin", "JPEGImages", "CLASS/*.jpg"],
            part => Assert.Contains(part, error, StringComparison.Ordinal));
    }

    private LabelledImages Open(ClassTable? classes = null) => LabelledSources.Open(_folder.Path, new LayoutOptions { Classes = classes });
}
