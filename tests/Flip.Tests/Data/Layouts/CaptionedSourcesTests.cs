using Flip.Data.Layouts;

namespace Flip.Tests.Data.Layouts;

public sealed class CaptionedSourcesTests : IDisposable
{
    private readonly LayoutFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_list_takes_all_behind_the_first_comma()
    {
        _folder.Image("Images/1.jpg").Image("Images/2.jpg")
            .Text("captions.txt", "image,caption", "1.jpg,a dog, a cat", "2.jpg,\"two \"\"big\"\" dogs, running\"", "1.jpg, an emu . ");
        var set = CaptionedSources.Open(_folder.Path);
        Assert.Equal([["a dog, a cat", "an emu ."], ["two \"big\" dogs, running"]], set.Captions);
        Assert.Equal(["1.jpg", "2.jpg"], set.Images.Keys());
    }

    [Theory]
    [InlineData("captions.txt", "image,caption\n1.jpg", "captions.txt, line 2")]
    [InlineData("captions.txt", "image,caption\n1.jpg, ", "has no caption")]
    [InlineData("captions.txt", "image,caption\n3.jpg,x", "'3.jpg' is in none of the folders")]
    [InlineData("captions.txt", "image,caption\n1.jpg,x\n3.jpg,x", "'3.jpg'")]
    [InlineData("captions.txt", "image,caption\n", "no line that lists an image")]
    [InlineData("dataset_flickr8k.json", "{\"images\": [", "dataset_flickr8k.json' cannot be read")]
    [InlineData("dataset_flickr8k.json", "{}", "dataset_flickr8k.json' cannot be read")]
    [InlineData("dataset_flickr8k.json", "{\"images\": [{\"filename\": \"1.jpg\", \"split\": \"test\", \"sentences\": [{\"raw\": null}]}]}", "cannot be read")]
    [InlineData("dataset_flickr8k.json", "{\"images\": [{\"filename\": \"1.jpg\", \"split\": \"train\", \"sentences\": []}]}", "no image of the split 'test'")]
    [InlineData("captions_val.json", "{\"images\": [{\"id\": 1, \"file_name\": \"1.jpg\"}], \"annotations\": []}", "'1.jpg' has no caption")]
    [InlineData("captions_test.json", "{\"images\": [{\"id\": 1, \"file_name\": \"1.jpg\"}, {\"id\": 1, \"file_name\": \"1.jpg\"}], \"annotations\": [{\"image_id\": 1, \"caption\": \"x\"}]}", "twice")]
    public void What_cannot_be_read_is_named(string name, string text, string problem)
    {
        _folder.Image("1.jpg").Text(name, text);
        Assert.Contains(problem, Assert.Throws<ConfigException>(() => CaptionedSources.Open(_folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_folder_says_what_was_looked_for()
    {
        var error = Assert.Throws<ConfigException>(() => CaptionedSources.Open(_folder.Path)).Message;
        Assert.All(["dataset_coco.json", "dataset_type.txt", "captions.txt", "test-*.tar"], part => Assert.Contains(part, error, StringComparison.Ordinal));
        Assert.Contains("is no source of captioned images", Assert.Throws<ConfigException>(() => CaptionedSources.Open(_folder.File("x"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_real_Flickr8k_opens_as_shards()
    {
        var set = CaptionedSources.Open(SharedData.Require("data/flickr8k"));
        Assert.Equal(1000, set.Images.Count);
        Assert.All(set.Captions, captions => Assert.Equal(5, captions.Count));
    }
}
