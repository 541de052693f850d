using System.Text;
using Flip.Data.Files;
using Flip.Data.Layouts;
using Flip.Data.Shards;
using Flip.Tests.Data.Layouts;

namespace Flip.Tests.Data.Files;

public sealed class WrittenPathsTests : IDisposable
{
    private static readonly string Nfd = "ünï".Normalize(NormalizationForm.FormD);
    private readonly LayoutFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_file_is_found_by_the_other_form_of_its_name(bool isWrittenComposed)
    {
        var (written, real) = isWrittenComposed ? ("ünï", Nfd) : (Nfd, "ünï");
        _folder.Image($"{real}/{real} {real}.jpg").Image($"{real}/b.jpg").Shard($"{real}/s-0.tar", "txt", [65]);
        var paths = new WrittenPaths();
        Assert.True(File.Exists(paths.Resolve($"{written}/{written} {real}.jpg", _folder.Path)));
        Assert.True(File.Exists(paths.Resolve($"{written}/b.jpg", _folder.Path)));
        Assert.True(Directory.Exists(WrittenPaths.Existing(_folder.File(written))));
        Assert.Equal(_folder.File($"{written}/c.jpg"), paths.Resolve($"{written}/c.jpg", _folder.Path));
        Assert.Single(ShardPattern.Expand(_folder.File($"{written}/s-{{0..0}}.tar")));
        Assert.Single(ShardPattern.Expand(_folder.File($"{written}/s-*.tar")));
    }

    [Fact]
    public void A_backslash_divides_folders_where_no_file_has_it_in_its_name()
    {
        _folder.Image("cat/sub/1.jpg");
        var paths = new WrittenPaths();
        Assert.Equal(_folder.File("cat/sub/1.jpg"), paths.Resolve("cat\\sub\\1.jpg", _folder.Path));
        Assert.False(File.Exists(paths.Resolve("cat\\", _folder.Path)));
        Assert.False(File.Exists(paths.Resolve("cat\0/1.jpg", _folder.Path)));
    }

    [Fact]
    public void Lists_and_folders_hold_the_same_names_in_either_form()
    {
        _folder.Image($"photos/{Nfd}/{Nfd}.jpg").Image("photos/z/1.jpg").Image("mixed/ünï/1.jpg").Image($"mixed/{Nfd}/2.jpg")
            .Text("list.csv", "path,label", "photos/ünï/ünï.jpg,ünï", "photos\\z\\1.jpg,z")
            .Text("photos/captions.csv", "image,caption", "ünï/ünï.jpg,a name")
            .Text("images.txt", "photos/ünï/ünï.jpg");
        var folders = LabelledSources.Open(_folder.File("photos"));
        Assert.Equal(["z", "ünï"], folders.ClassNames);
        Assert.Equal("z/1.jpg", folders.Images.Keys().First());
        LayoutFolder.AssertReadable(folders.Images);
        LayoutFolder.AssertReadable(LabelledSources.Open(_folder.File("list.csv")).Images);
        LayoutFolder.AssertReadable(CaptionedSources.Open(_folder.File("photos/captions.csv")).Images);
        LayoutFolder.AssertReadable(ImageSources.Open(_folder.File("images.txt")));
        Assert.Equal(["ünï"], LabelledSources.Open(_folder.File("mixed")).ClassNames);
    }

    [Fact]
    public void Names_that_differ_in_control_characters_alone_have_keys_of_their_own()
    {
        _folder.Image("cat/a\tb.jpg").Image("cat/a\nb.jpg");
        Assert.Equal(["cat/a?b.jpg", "cat/a?b.jpg (2)"], LabelledSources.Open(_folder.Path).Images.Keys());
    }

    [Fact]
    public void A_copy_with_the_other_form_has_the_same_order_and_fingerprint()
    {
        using var copy = new LayoutFolder();
        foreach (var name in (string[])["z", "ünï", "uz", "ñ"])
        {
            _folder.Image($"{name}/1.jpg");
            copy.Image($"{name.Normalize(NormalizationForm.FormD)}/1.jpg");
        }

        var (one, other) = (LabelledSources.Open(_folder.Path), LabelledSources.Open(copy.Path));
        Assert.Equal(one.ClassNames, other.ClassNames);
        Assert.Equal(one.Labels, other.Labels);
        Assert.Equal(one.Images.Fingerprint(), other.Images.Fingerprint());
    }
}
