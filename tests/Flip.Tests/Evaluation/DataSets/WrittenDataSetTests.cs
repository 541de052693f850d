using Flip.Evaluation.DataSets;
using Flip.Tests.Data.Layouts;

namespace Flip.Tests.Evaluation.DataSets;

public sealed class WrittenDataSetTests : IDisposable
{
    private readonly LayoutFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("lr=0.1")]
    [InlineData("Holiday Photos")]
    [InlineData("ünï")]
    [InlineData("it's")]
    [InlineData("a:b")]
    [InlineData("50%")]
    [InlineData("#1")]
    [InlineData("$HOME")]
    [InlineData("-dash")]
    [InlineData(".hidden")]
    [InlineData("CON")]
    [InlineData("photos.v2")]
    [InlineData("x.json")]
    [InlineData("cifar10=x")]
    [InlineData("!?")]
    public void A_folder_that_is_there_is_that_folder_and_is_called_as_it_is(string name)
    {
        _folder.Image($"{name}/cat/1.jpg");
        var data = WrittenDataSet.One(_folder.File(name), null, null);
        Assert.Equal((name, name, _folder.File(name)), (data.Set.Name, data.Set.Title, data.Source));
        Assert.Equal(name, WrittenDataSet.One(_folder.File(name) + "/", null, null).Set.Name);
        Assert.Equal(("mine", _folder.File(name)), Of(WrittenDataSet.One("mine=" + _folder.File(name), null, null)));
        Assert.Equal(("cifar10", _folder.File(name)), Of(WrittenDataSet.One("cifar10=" + _folder.File(name), null, null)));
    }

    [Fact]
    public void A_name_before_a_path_may_have_the_sign_too()
    {
        _folder.Image("photos/cat/1.jpg").Image("lr=0.1/s.tar").Text("lr=1.csv", "x");
        Assert.Equal(("lr=0.1", _folder.File("photos")), Of(WrittenDataSet.One("lr=0.1=" + _folder.File("photos"), null, null)));
        Assert.Equal("s-{0..3}", WrittenDataSet.One(_folder.File("s-{0..3}.tar"), null, null).Set.Name);
        Assert.Equal(_folder.File("lr=0.1/*.tar"), WrittenDataSet.One(_folder.File("lr=0.1/*.tar"), null, null).Source);
        Assert.Equal("lr=1", WrittenDataSet.One(_folder.File("lr=1.csv"), null, null).Set.Name);
    }

    [Fact]
    public void What_is_nothing_shows_both_readings()
    {
        var error = Assert.Throws<ConfigException>(() => WrittenDataSet.One("cifar=0.1", null, null)).Message;
        string[] parts = ["'cifar=0.1' is not there as a path", "'cifar' is no known data set (did you mean cifar10?)", "'0.1' is not there"];
        Assert.All(parts, part => Assert.Contains(part, error, StringComparison.Ordinal));
        Assert.Contains("is a group of data sets", Assert.Throws<ConfigException>(() => WrittenDataSet.One("robustness", null, null)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Folders_that_are_called_alike_have_the_folders_above_in_their_names()
    {
        _folder.Image("a/val/cat/1.jpg").Image("b/val/cat/1.jpg").Image("c/b/val/cat/1.jpg").Image("other/cat/1.jpg");
        var above = Path.GetFileName(_folder.Path);
        Assert.Equal(["a/val", "b/val", "other"], Names("a/val", "b/val", "other"));
        Assert.Equal(["a/val", $"{above}/b/val", "c/b/val"], Names("a/val", "b/val", "c/b/val"));
        Assert.Equal(["val", "b/val"], Names("val=a/val", "b/val"));
        Assert.Contains("twice", Assert.Throws<ConfigException>(() => Names("a/val", "a/val/")).Message, StringComparison.Ordinal);
        Assert.Contains("twice", Assert.Throws<ConfigException>(() => Names("x=a/val", "x=b/val")).Message, StringComparison.Ordinal);
    }

    private static (string Name, string? Source) Of(WrittenDataSet data) => (data.Set.Name, data.Source);

    private List<string> Names(params string[] written) =>
    [
        .. WrittenDataSet.Distinct([.. written.Select(one => one.Split('=') is [var name, var path] ? $"{name}={_folder.File(path)}" : _folder.File(one))
            .Select(one => WrittenDataSet.One(one, null, null))]).Select(data => data.Set.Name),
    ];
}
