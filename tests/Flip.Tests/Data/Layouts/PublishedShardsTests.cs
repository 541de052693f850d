using Flip.Data;
using Flip.Data.Classes;
using Flip.Data.Layouts;

namespace Flip.Tests.Data.Layouts;

/// <summary>CLIP_benchmark's form of data sets.</summary>
public sealed class PublishedShardsTests : IDisposable
{
    private readonly LayoutFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Shards_are_read_in_the_order_of_their_numbers()
    {
        var names = Enumerable.Range(0, 11).Select(i => $"class {i}").ToArray();
        _folder.Text("classnames.txt", names).Text("test/nshards.txt", "11");
        for (var i = 0; i < 11; i++)
        {
            _folder.Shard($"test/{i}.tar", "cls", Ascii($"{i}"));
        }

        _folder.Shard("train/0.tar", "cls", Ascii("0"));
        var set = LabelledSources.Open(_folder.Path);
        Assert.Equal(names, set.ClassNames);
        Assert.Equal(Enumerable.Range(0, 11), set.Labels.Select(label => label[0]));
        File.Delete(_folder.File("test/nshards.txt"));
        Assert.Equal(Enumerable.Range(0, 11), LabelledSources.Open(_folder.Path).Labels.Select(label => label[0]));
    }

    [Fact]
    public void Published_numbers_become_those_of_the_known_classes()
    {
        _folder.Text("classnames.txt", "Dog", "apple_pie", "cat").Text("test/nshards.txt", "1").Shard("test/0.tar", "cls", Ascii("0"), Ascii("1"), Ascii("2"));
        var known = new ClassTable([new("apple pie", []), new("kitten", ["cat"]), new("dog", [])]);
        var set = LabelledSources.Open(_folder.Path, new LayoutOptions { Classes = known });
        Assert.Equal(known.Names, set.ClassNames);
        Assert.Equal([2, 0, 1], set.Labels.Select(label => label[0]));

        // Other classes: the numbers mean what the folder says, or what the caller says.
        var others = new LayoutOptions { Classes = new(ClassEntry.OfNames(["apple pie", "cat", "emu"])) };
        set = LabelledSources.Open(_folder.Path, others with { PreferPublishedNames = true });
        Assert.Equal(["Dog", "apple_pie", "cat"], set.ClassNames);
        Assert.Equal([0, 1, 2], set.Labels.Select(label => label[0]));
        set = LabelledSources.Open(_folder.Path, others);
        Assert.Equal(["apple pie", "cat", "emu"], set.ClassNames);
        Assert.Equal([0, 1, 2], set.Labels.Select(label => label[0]));
        var fewer = new LayoutOptions { Classes = new(ClassEntry.OfNames(["a", "b"])) };
        Assert.Contains("3 classes, and 2 were named", Assert.Throws<ConfigException>(() => LabelledSources.Open(_folder.Path, fewer)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<f4")]
    [InlineData("<f8")]
    [InlineData("|u1")]
    [InlineData("|b1")]
    [InlineData("<i8")]
    public void Several_labels_are_the_numbers_that_are_not_0(string type)
    {
        var size = type[2] - '0';
        var one = type switch { "<f4" => BitConverter.GetBytes(1f), "<f8" => BitConverter.GetBytes(1.0), _ => [1, .. new byte[size - 1]] };
        var zero = type is "<f8" ? BitConverter.GetBytes(-0.0) : new byte[size];
        _folder.Text("classnames.txt", "a", "b", "c").Text("dataset_type.txt", "multilabel").Text("test/nshards.txt", "1").Shard(
            "test/0.tar", "npy", Numpy.Of(type, 3, [.. one, .. zero, .. one]), Numpy.Of(type, 3, [.. zero, .. zero, .. zero]));
        var set = LabelledSources.Open(_folder.Path);
        Assert.Equal([[0, 2], []], set.Labels);
        Assert.Equal(2, set.Images.Count);
    }

    [Theory]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }", "for 4 classes, and there are 3")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 1), }", "no vector")]
    [InlineData("{'descr': '|O', 'fortran_order': False, 'shape': (3,), }", "no vector")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", "bytes for 3 numbers")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999,), }", "no vector")]
    [InlineData("", "no vector")]
    public void Labels_that_cannot_be_read_are_named(string header, string problem)
    {
        _folder.Text("classnames.txt", "a", "b", "c").Text("dataset_type.txt", "multilabel").Text("test/nshards.txt", "1")
            .Shard("test/0.tar", "npy", Numpy.WithHeader(header, new byte[16]));
        var error = Assert.Throws<EvaluationDataException>(() => LabelledSources.Open(_folder.Path)).Message;
        Assert.Contains("s0000000.npy", error, StringComparison.Ordinal);
        Assert.Contains(problem, error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_sample_without_labels_is_named()
    {
        _folder.Text("classnames.txt", "a").Text("dataset_type.txt", "multilabel").Text("test/nshards.txt", "1").Shard("test/0.tar", "txt", Ascii("x"));
        Assert.Contains("'s0000000'", Assert.Throws<EvaluationDataException>(() => LabelledSources.Open(_folder.Path)).Message, StringComparison.Ordinal);
        _folder.Text("dataset_type.txt", "");
        Assert.Contains("no .cls", Assert.Throws<EvaluationDataException>(() => LabelledSources.Open(_folder.Path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("3", "2.tar")]
    [InlineData("-1", "instead of a number of shards")]
    [InlineData("99999999999", "instead of a number of shards")]
    [InlineData("", "instead of a number of shards")]
    public void Missing_shards_and_bad_counts_are_told(string count, string problem)
    {
        _folder.Text("classnames.txt", "a").Text("test/nshards.txt", count).Shard("test/0.tar", "cls", Ascii("0")).Shard("test/1.tar", "cls", Ascii("0"));
        Assert.Contains(problem, Assert.Throws<ConfigException>(() => LabelledSources.Open(_folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cut_shard_is_an_error()
    {
        _folder.Text("classnames.txt", "a").Text("test/nshards.txt", "1").Shard("test/0.tar", "cls", Ascii("0"), Ascii("0"));
        var path = _folder.File("test/0.tar");
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..2000]);
        Assert.Contains("0.tar", Assert.Throws<EvaluationDataException>(() => LabelledSources.Open(_folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Retrieval_has_a_caption_a_line()
    {
        _folder.Text("dataset_type.txt", "retrieval").Text("test/nshards.txt", "1").Shard("test/0.tar", "txt", Ascii("one\n two \r\n\nthree"), Ascii("four"));
        Assert.Equal([["one", "two", "three"], ["four"]], CaptionedSources.Open(_folder.Path).Captions);
        _folder.Shard("test/0.tar", "txt", Ascii("one"), Ascii(" \n"));
        Assert.Contains("'s0000001'", Assert.Throws<EvaluationDataException>(() => CaptionedSources.Open(_folder.Path)).Message, StringComparison.Ordinal);
    }

    private static byte[] Ascii(string text) => System.Text.Encoding.ASCII.GetBytes(text);
}
