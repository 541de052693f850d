using Flip.Data;
using Flip.Data.Layouts;
using Flip.Tests.Data.Layouts;

namespace Flip.Tests.Data;

/// <summary>What the files of a data set name, or link to, lies in the folder that the user named.</summary>
public sealed class FolderBoundsTests : IDisposable
{
    private static readonly SourceOptions Anywhere = new() { AllowOutside = true };

    private readonly LayoutFolder _folder = new();

    /// <summary>Beside the data, a file of the user's own: <c>secret.jpg</c>.</summary>
    private readonly LayoutFolder _home = new();

    public FolderBoundsTests() => _home.Image("secret.jpg").Text("secret.txt", "duck", "frog");

    public void Dispose()
    {
        _folder.Dispose();
        _home.Dispose();
    }

    [Theory]
    [InlineData("a.jpg")]
    [InlineData("in/../a.jpg")]
    [InlineData("in/up/a.jpg")]
    [InlineData("in/down/../a.jpg")]
    [InlineData("not/there.jpg")]
    [InlineData("NUL\0.jpg")]
    public void A_path_in_the_folder_is_free_however_it_is_written(string path)
    {
        _folder.Image("a.jpg").Image("in/deep/b.jpg");
        Directory.CreateSymbolicLink(_folder.File("in/up"), "..");
        Directory.CreateSymbolicLink(_folder.File("in/down"), "deep");
        Assert.Null(new FolderBounds(_folder.Path).Problem(_folder.File(path)));
    }

    [Theory]
    [InlineData("../other/x.jpg")]
    [InlineData("/etc/passwd")]
    [InlineData("link.jpg")]
    [InlineData("out/secret.jpg")]
    [InlineData("far/x/secret.jpg")]
    [InlineData("tricky")]
    [InlineData("dead.jpg")]
    public void A_path_out_of_it_is_not_whatever_links_are_on_the_way(string path)
    {
        File.CreateSymbolicLink(_folder.File("link.jpg"), _home.File("secret.jpg"));
        File.CreateSymbolicLink(_folder.File("dead.jpg"), _home.File("none.jpg"));
        Directory.CreateSymbolicLink(_folder.File("out"), _home.Path);
        Directory.CreateSymbolicLink(_folder.File("far"), "out");
        Directory.CreateDirectory(_folder.File("sub"));

        // Read letter by letter it leads into the folder, and by links to the place above that of 'out'.
        File.CreateSymbolicLink(_folder.File("tricky"), "out/../" + Path.GetFileName(_home.Path) + "/secret.jpg");
        var problem = new FolderBounds(_folder.Path).Problem(Path.Combine(_folder.Path, path), " (list.txt, line 3)");
        Assert.Contains("(list.txt, line 3) lies outside the folder", problem, StringComparison.Ordinal);
        Assert.Contains("--allow-outside", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_whose_name_begins_alike_is_outside() =>
        Assert.NotNull(new FolderBounds(_folder.Path).Problem(_folder.Path + "2/a.jpg"));

    [Fact]
    public void The_folder_that_a_user_names_may_be_a_link()
    {
        _folder.Image("photos/a.jpg");
        Directory.CreateSymbolicLink(_home.File("mine"), _folder.File("photos"));
        Assert.Equal(["a.jpg"], ImageSources.Open(_home.File("mine")).Keys());
    }

    [Fact]
    public void Links_in_a_circle_lead_nowhere_and_nothing_hangs()
    {
        File.CreateSymbolicLink(_folder.File("a"), "b");
        File.CreateSymbolicLink(_folder.File("b"), "a");
        Assert.Null(new FolderBounds(_folder.Path).Problem(_folder.File("a/x")));
        Assert.Null(new FolderBounds(_folder.Path).Problem(_folder.File(string.Concat(Enumerable.Repeat("x/", 100_000)))));
    }

    [Fact]
    public void A_list_that_leads_outside_is_refused_with_the_line_and_the_option()
    {
        _folder.Image("a.jpg").Text("list.txt", "a.jpg", _home.File("secret.jpg"), "../" + Path.GetFileName(_home.Path) + "/secret.jpg");
        var problems = Assert.Throws<ConfigException>(() => ImageSources.Open(_folder.File("list.txt"))).Problems;
        Assert.Equal(["line 2", "line 3"], problems.Select(problem => problem.Split(", ")[1].Split(')')[0]));
        Assert.All(problems, problem => Assert.Contains("--allow-outside", problem, StringComparison.Ordinal));
        Assert.Equal(3, ImageSources.Open(_folder.File("list.txt"), Anywhere).Count);
        Assert.Throws<ConfigException>(() => ImageSources.Open(_folder.File("list.txt"), new SourceOptions { AllowMissing = true }));
    }

    [Fact]
    public void So_is_a_folder_with_a_link_that_does()
    {
        _folder.Image("a.jpg");
        File.CreateSymbolicLink(_folder.File("link.jpg"), _home.File("secret.jpg"));
        AssertRefused(() => ImageSources.Open(_folder.Path));
        File.Delete(_folder.File("link.jpg"));
        Directory.CreateSymbolicLink(_folder.File("more"), _home.Path);
        AssertRefused(() => ImageSources.Open(_folder.Path));
        Assert.Equal(["a.jpg", "more/secret.jpg"], ImageSources.Open(_folder.Path, Anywhere).Keys());
    }

    [Fact]
    public void So_is_a_folder_of_shards_with_one()
    {
        _home.Shard("x.tar", "txt", [(byte)'t']);
        File.CreateSymbolicLink(_folder.File("0.tar"), _home.File("x.tar"));
        AssertRefused(() => ImageSources.Open(_folder.Path));
        AssertRefused(() => CaptionedSources.Open(_folder.Path));
        Assert.Equal(1, ImageSources.Open(_folder.Path, Anywhere).Count);

        // What a user writes leads anywhere.
        Assert.Equal(1, ImageSources.Open(_folder.File("*.tar")).Count);
    }

    [Theory]
    [InlineData("list.csv", "path,label\n{0}/secret.jpg,duck")]
    [InlineData("list.jsonl", "{{\"img\": \"{0}/secret.jpg\", \"label\": \"duck\"}}")]
    public void So_is_a_list_of_classes(string name, string text)
    {
        _folder.Text(name, string.Format(System.Globalization.CultureInfo.InvariantCulture, text, _home.Path));
        AssertRefused(() => LabelledSources.Open(_folder.File(name)));
        Assert.Equal(["duck"], LabelledSources.Open(_folder.File(name), new LayoutOptions { Source = Anywhere }).ClassNames);
    }

    [Theory]
    [InlineData("captions_test.json", "{{\"images\": [{{\"id\": 1, \"file_name\": \"{0}/secret.jpg\"}}], \"annotations\": [{{\"image_id\": 1, \"caption\": \"c\"}}]}}")]
    [InlineData("dataset_coco.json", "{{\"images\": [{{\"filename\": \"secret.jpg\", \"filepath\": \"{0}\", \"split\": \"test\", \"sentences\": [{{\"raw\": \"c\"}}]}}]}}")]
    [InlineData("captions.txt", "{0}/secret.jpg,a caption")]
    public void So_are_captions(string name, string text)
    {
        _folder.Text(name, string.Format(System.Globalization.CultureInfo.InvariantCulture, text, _home.Path));
        AssertRefused(() => CaptionedSources.Open(_folder.Path));
        Assert.Equal(1, CaptionedSources.Open(_folder.Path, new LayoutOptions { Source = Anywhere }).Images.Count);
    }

    [Theory]
    [InlineData("classnames.txt", "0.tar", "cls")]
    [InlineData("test/nshards.txt", "test/0.tar", "cls")]
    public void So_is_a_file_of_a_layout_that_is_a_link(string name, string shard, string extension)
    {
        _folder.Shard(shard, extension, [(byte)'0']);
        File.CreateSymbolicLink(_folder.File(name), _home.File("secret.txt"));
        AssertRefused(() => LabelledSources.Open(_folder.Path));
    }

    [Fact]
    public void So_are_files_of_records()
    {
        _home.Bytes("cifar.bin", new byte[3073]);
        File.CreateSymbolicLink(_folder.File("test_batch.bin"), _home.File("cifar.bin"));
        AssertRefused(() => LabelledSources.Open(_folder.Path));
        Assert.Single(LabelledSources.Open(_folder.Path, new LayoutOptions { Source = Anywhere }).Labels);
    }

    private static void AssertRefused(Func<object> open)
    {
        var message = Assert.Throws<ConfigException>(open).Message;
        Assert.Contains("lies outside the folder", message, StringComparison.Ordinal);
        Assert.Contains(FolderBounds.Option, message, StringComparison.Ordinal);
    }
}
