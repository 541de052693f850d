using System.Text;
using Flip.Data.Layouts;

namespace Flip.Tests.Data.Layouts;

public sealed class ListRowsTests : IDisposable
{
    private readonly LayoutFolder _folder = new LayoutFolder().Image("1.jpg").Image("2, b.jpg");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("filepath,title")]
    [InlineData("FilePath , TITLE")]
    [InlineData("\"image\",\"caption\"")]
    [InlineData("file_name,text")]
    [InlineData("url,caption")]
    [InlineData("filename,beschreibung")]
    [InlineData("\uFEFFfile_path,sentence")]
    public void Headers_of_captions_are_known(string header)
    {
        _folder.Text("list.csv", header, "1.jpg,\"a dog, running\"", "\"2, b.jpg\",a cat");
        var set = CaptionedSources.Open(_folder.File("list.csv"));
        Assert.Equal(["1.jpg", "2, b.jpg"], set.Images.Keys());
        Assert.Equal([["a dog, running"], ["a cat"]], set.Captions);
    }

    [Theory]
    [InlineData("path,label", ",")]
    [InlineData("Image;Class_Name", ";")]
    [InlineData("filepath\tcategory", "\t")]
    [InlineData("filename|target", "|")]
    public void Headers_of_classes_are_known_with_every_separator(string header, string separator)
    {
        _folder.Text("list.csv", header, $"1.jpg{separator}dog", $"\"2, b.jpg\"{separator}a cat");
        var set = LabelledSources.Open(_folder.File("list.csv"));
        Assert.Equal(["a cat", "dog"], set.ClassNames);
        Assert.Equal([1, 0], set.Labels.Select(label => label[0]));
    }

    [Fact]
    public void A_line_that_names_an_image_is_data_whatever_it_says()
    {
        _folder.Image("image").Image("path").Text("classes.csv", "image,label", "1.jpg,cat").Text("captions.csv", "path,title", "1.jpg,a cat");
        Assert.Equal(["cat", "label"], LabelledSources.Open(_folder.File("classes.csv")).ClassNames);
        Assert.Equal([["title"], ["a cat"]], CaptionedSources.Open(_folder.File("captions.csv")).Captions);
    }

    [Fact]
    public void A_folder_that_is_called_as_a_column_makes_no_data_of_the_header()
    {
        _folder.Image("image/3.jpg").Text("list.csv", "image,label", "image/3.jpg,cat");
        Assert.Equal(["cat"], LabelledSources.Open(_folder.File("list.csv")).ClassNames);
    }

    [Fact]
    public void Columns_are_found_among_others_and_the_better_name_is_taken()
    {
        _folder.Text("list.csv", "id,caption,label,split,filepath", "7,\"a dog, running\",dog,test,1.jpg", "8,\"two", "lines\",cat,test,\"2, b.jpg\"");
        Assert.Equal(["cat", "dog"], LabelledSources.Open(_folder.File("list.csv")).ClassNames);
        Assert.Equal([["a dog, running"], ["two\nlines"]], CaptionedSources.Open(_folder.File("list.csv")).Captions);
        _folder.Text("none.csv", "filepath,x,y", "1.jpg,2,3");
        Assert.Contains("no column that is called label", Assert.Throws<ConfigException>(() => LabelledSources.Open(_folder.File("none.csv"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Captions_go_to_the_lines_end_and_a_stray_quote_takes_no_line()
    {
        _folder.Text("list.txt", "1.jpg,a dog, a cat; both", "1.jpg,\"Hello, he said", "1.jpg,\"well\" said, he", "1.jpg,a 5\" pipe", "\"2, b.jpg\",\"Bye, \"\"b\"\"\"");
        Assert.Equal(
            [["a dog, a cat; both", "Hello, he said", "\"well\" said, he", "a 5\" pipe"], ["Bye, \"b\""]],
            CaptionedSources.Open(_folder.File("list.txt")).Captions);
    }

    [Fact]
    public void The_image_of_a_line_tells_what_divides_it()
    {
        _folder.Text("list.csv", "2, b.jpg;dog", "1.jpg;cat");
        Assert.Equal(["cat", "dog"], LabelledSources.Open(_folder.File("list.csv")).ClassNames);
        _folder.Text("tokens.txt", "1.jpg#0\tA dog , running .", "1.jpg#1\tAnother", "2, b.jpg#0\tA cat");
        Assert.Equal([["A dog , running .", "Another"], ["A cat"]], CaptionedSources.Open(_folder.File("tokens.txt")).Captions);
        _folder.Text("lines.jsonl", """{"file_name": "1.jpg", "text": "a dog"}""");
        Assert.Equal([["a dog"]], CaptionedSources.Open(_folder.File("lines.jsonl")).Captions);
    }

    [Fact]
    public void A_lists_own_name_may_have_any_signs()
    {
        _folder.Text("{split}, mine.csv", "1.jpg,dog");
        Assert.Equal(["dog"], LabelledSources.Open(_folder.File("{split}, mine.csv")).ClassNames);
        Assert.Equal([["dog"]], CaptionedSources.Open(_folder.File("{split}, mine.csv")).Captions);
    }

    [Fact]
    public void An_open_quote_does_not_take_the_memory()
    {
        var part = Encoding.UTF8.GetBytes("1.jpg,\"" + new string('x', 1 << 20));
        _folder.Bytes("huge.csv", [.. Enumerable.Repeat(part, 20).SelectMany(bytes => bytes)]);
        Assert.Contains("huge.csv", Assert.Throws<ConfigException>(() => LabelledSources.Open(_folder.File("huge.csv"))).Message, StringComparison.Ordinal);
    }
}
