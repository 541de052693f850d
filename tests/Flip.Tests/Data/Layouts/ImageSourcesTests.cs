using Flip.Data;
using Flip.Data.Layouts;
using Flip.Data.Shards;
using Flip.Tests.Data.Images;

namespace Flip.Tests.Data.Layouts;

public sealed class ImageSourcesTests : IDisposable
{
    private readonly ImageFolderFixture _folder = new();
    private readonly TestShards _shards = new();

    public void Dispose()
    {
        _folder.Dispose();
        _shards.Dispose();
    }

    [Fact]
    public void A_folder_gives_all_images_below_it_in_ordinal_order()
    {
        foreach (var name in (string[])["b.JPG", "a/z.png", "a.webp", "A.jpeg", "a/b/c.gif", "a/notes.txt", ".hidden.jpg", "._a.jpg", ".git/x.jpg"])
        {
            _folder.AddBytes(name, [1]);
        }

        Assert.Equal(["A.jpeg", "a.webp", "a/b/c.gif", "a/z.png", "b.JPG"], ImageSources.Open(_folder.Path).Keys());
        Assert.Equal(["a/z.png", "b.JPG"], ImageSources.Open(_folder.Path).Keys(3));
    }

    [Fact]
    public void What_else_is_in_a_folder_is_counted_by_extension()
    {
        foreach (var name in (string[])["a.jpg", "b.HEIC", "in/c.heic", "notes.txt", "LICENSE", ".old/d.jpg", ".DS_Store", "._a.jpg"])
        {
            _folder.AddBytes(name, [1]);
        }

        var said = new List<string>();
        Assert.Equal(["a.jpg"], ImageSources.Open(_folder.Path, new SourceOptions { Say = said.Add }).Keys());
        Assert.Equal(
            [$"Passed over in '{_folder.Path}': 5 files that are no images of a format that is read (.heic 2, without extension 1, .txt 1, names with a dot before them 1)."],
            said);
    }

    [Fact]
    public void Links_are_followed_but_not_around_in_circles()
    {
        using var elsewhere = new ImageFolderFixture();
        elsewhere.AddBytes("x.jpg", [1, 2, 3]);
        _folder.AddBytes("in/a.jpg", [1]);
        Directory.CreateSymbolicLink(_folder.File("in/up"), _folder.Path);
        Directory.CreateSymbolicLink(_folder.File("out"), elsewhere.Path);
        Directory.CreateSymbolicLink(elsewhere.File("back"), _folder.Path);
        File.CreateSymbolicLink(_folder.File("link.jpg"), elsewhere.File("x.jpg"));
        var source = ImageSources.Open(_folder.Path, new SourceOptions { AllowOutside = true });
        Assert.Equal(["in/a.jpg", "link.jpg", "out/x.jpg"], source.Keys());
        using var reader = source.Open();
        using var bytes = reader.Read(1);
        Assert.Equal([1, 2, 3], bytes.Span.ToArray());
    }

    [Fact]
    public void A_list_is_relative_to_itself_and_its_lines_are_the_keys()
    {
        _folder.AddBytes("sub/a b.jpg", [1]);
        _folder.AddBytes("c.dat", [2]);
        File.WriteAllText(_folder.File("list.txt"), "\uFEFFc.dat\r\n\r\n  sub/a b.jpg\n");
        var source = ImageSources.Open(_folder.File("list.txt"));
        Assert.Equal(["c.dat", "sub/a b.jpg"], source.Keys());
        using var reader = source.Open();
        using var bytes = reader.Read(1);
        Assert.Equal([1], bytes.Span.ToArray());
    }

    [Fact]
    public void A_list_with_a_missing_file_names_the_line()
    {
        _folder.AddBytes("a.jpg", [1]);
        Directory.CreateDirectory(_folder.File("folder.jpg"));
        File.CreateSymbolicLink(_folder.File("dead.jpg"), _folder.File("gone"));
        var list = _folder.File("list.txt");
        File.WriteAllLines(list, ["a.jpg", "", "none.jpg", "folder.jpg", "dead.jpg"]);
        var error = Assert.Throws<ConfigException>(() => ImageSources.Open(list));
        Assert.Equal(
            [3, 4, 5], error.Problems.Select(problem => int.Parse(problem.Split("line ")[1].Split(')')[0], System.Globalization.CultureInfo.InvariantCulture)));
        Assert.Contains("'none.jpg'", error.Problems[0], StringComparison.Ordinal);

        // Where it is allowed, it is told when it is read.
        var source = ImageSources.Open(list, new SourceOptions { AllowMissing = true });
        Assert.Equal(4, source.Count);
        using var reader = source.Open();
        reader.Read(0).Dispose();
        Assert.All([1, 2, 3], image => Assert.Throws<BadSampleException>(() => reader.Read(image)));
        Assert.Equal($"'none.jpg' ({list}, line 3)", source.Describe(1));
    }

    [Fact]
    public void An_image_is_listed_once()
    {
        _folder.AddBytes("a.jpg", [1]);
        File.WriteAllLines(_folder.File("list.txt"), ["a.jpg", "b.jpg", " a.jpg"]);
        var error = Assert.Throws<ConfigException>(() => ImageSources.Open(_folder.File("list.txt"), new SourceOptions { AllowMissing = true }));
        Assert.Contains("line 3: the image 'a.jpg' stands in line 1 already", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_source_without_images_is_refused()
    {
        File.WriteAllText(_folder.File("list.txt"), "\n \n");
        Assert.Contains("names no image", Refusal(_folder.File("list.txt")), StringComparison.Ordinal);
        File.Delete(_folder.File("list.txt"));
        Assert.Contains("has no image", Refusal(_folder.Path), StringComparison.Ordinal);
        Assert.Contains("no source of images", Refusal(_folder.File("photos")), StringComparison.Ordinal);
        Assert.Contains("none.jpg", Refusal(_folder.File("none.jpg")), StringComparison.Ordinal);
        Assert.Contains("none.txt", Refusal(_folder.File("none.txt")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_of_both_images_and_shards_is_ambiguous()
    {
        _shards.WritePairs(2);
        Assert.Equal(2, ImageSources.Open(_shards.Folder).Count);
        File.WriteAllBytes(_shards.Path("a.jpg"), [1]);
        Assert.Contains("both images, such as 'a.jpg', and shards", Refusal(_shards.Folder), StringComparison.Ordinal);
        Assert.Equal(2, ImageSources.Open(_shards.Path("*.tar")).Count);
    }

    [Fact]
    public void Keys_of_shards_are_the_shards_and_the_samples()
    {
        _shards.Write("a.tar", ("x/1.jpg", "i"), ("x/1.txt", "t"), ("2.png", "i"));
        _shards.Write("b.tar", ("1.txt", "t"), ("1.jpg", "i"));
        var source = ImageSources.Open(_shards.Folder);
        Assert.Equal(["a/x/1", "a/2", "b/1"], source.Keys());
        Assert.Equal(["a/2", "b/1"], source.Keys(1));
        Assert.Equal(["b/1"], source.Keys(2));
    }

    [Fact]
    public void Shards_of_one_name_in_two_folders_keep_their_keys_apart()
    {
        Assert.Equal(["train/0000", "val/0000"], ShardNames.Of(["/data/train/0000.tar", "/data/val/0000.tar"]));
        Assert.Equal(["a/0000", "0000"], ShardNames.Of(["/data/a/0000.tar", "/data/0000.tar"]));
        Assert.Equal(["0000.x"], ShardNames.Of(["/data/train/0000.x.tar"]));
    }

    [Fact]
    public void A_damaged_shard_is_an_error_or_told()
    {
        var path = _shards.WritePairs("a.tar", 0, 4);
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..5000]);
        Assert.Contains("a.tar", Assert.Throws<EvaluationDataException>(() => ImageSources.Open(path)).Message, StringComparison.Ordinal);
        var told = new List<string>();
        var source = ImageSources.Open(path, new SourceOptions { AllowMissing = true, Say = told.Add });
        Assert.Equal(["a/000000", "a/000001", "a/000002"], source.Keys().Take(3));
        Assert.Single(told);
    }

    [Fact]
    public void A_fingerprint_is_of_names_and_contents_not_of_the_place()
    {
        using var copy = new ImageFolderFixture();
        foreach (var folder in (ImageFolderFixture[])[_folder, copy])
        {
            folder.AddBytes("a.jpg", [1]);
            folder.AddBytes("b/c.jpg", [1, 2]);
        }

        var first = ImageSources.Open(_folder.Path).Fingerprint();
        Assert.Equal(first, ImageSources.Open(copy.Path).Fingerprint());
        copy.AddBytes("b/c.jpg", [1, 3]);
        Assert.NotEqual(first, ImageSources.Open(copy.Path).Fingerprint());
        File.Move(_folder.File("a.jpg"), _folder.File("aa.jpg"));
        Assert.NotEqual(first, ImageSources.Open(_folder.Path).Fingerprint());

        var shard = _shards.WritePairs("a.tar", 0, 3);
        var before = ImageSources.Open(shard).Fingerprint();
        _shards.WritePairs("a.tar", 100, 3);
        Assert.NotEqual(before, ImageSources.Open(_shards.WritePairs("a.tar", 0, 4)).Fingerprint());
        Assert.Equal(before, ImageSources.Open(_shards.WritePairs("a.tar", 0, 3)).Fingerprint());
    }

    [Fact]
    public void A_pipe_is_no_image_and_nothing_waits_for_it()
    {
        Bystander.MakePipe(_folder.File("a.jpg"));
        using var reader = ImageSources.Open(_folder.Path).Open();
        Assert.Contains("0 bytes", Assert.Throws<BadSampleException>(() => reader.Read(0)).Message, StringComparison.Ordinal);
    }

    private static string Refusal(string source) => Assert.Throws<ConfigException>(() => ImageSources.Open(source)).Message;
}
