using Flip.Cli;

namespace Flip.Tests.Cli;

public sealed class HomePathsTests
{
    private static readonly string Home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    [Theory]
    [InlineData("~/t.tar", "HOME/t.tar")]
    [InlineData("~", "HOME")]
    [InlineData("cifar10=~/cifar10", "cifar10=HOME/cifar10")]
    [InlineData("--out=~/r", "--out=HOME/r")]
    [InlineData("~/a.tar,~/b.tar", "HOME/a.tar,HOME/b.tar")]
    [InlineData("~user/x", "~user/x")]
    [InlineData("a~/b", "a~/b")]
    [InlineData("/x/~/b", "/x/~/b")]
    public void The_users_folder_is_written_out(string written, string expected) =>
        Assert.Equal([expected.Replace("HOME", Home, StringComparison.Ordinal)], HomePaths.Expand([written]));

    [Fact]
    public void Texts_stay_as_they_are() => Assert.Equal(
        ["rank", "m", "--texts", "~/ is home", "~", "--images", Home + "/x"], HomePaths.Expand(["rank", "m", "--texts", "~/ is home", "~", "--images", "~/x"]));

    [Fact]
    public void Texts_of_other_commands_are_files_and_a_short_option_ends_a_list_of_texts()
    {
        Assert.Equal(["embed", "m", "--texts", Home + "/t.txt"], HomePaths.Expand(["embed", "m", "--texts", "~/t.txt"]));
        Assert.Equal(["rank", "--texts", "~/a", "-s", "data.vocabulary=" + Home + "/v"], HomePaths.Expand(["rank", "--texts", "~/a", "-s", "data.vocabulary=~/v"]));
    }
}
