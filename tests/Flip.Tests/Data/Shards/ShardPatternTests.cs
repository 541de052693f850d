using Flip.Data.Shards;

namespace Flip.Tests.Data.Shards;

public sealed class ShardPatternTests : IDisposable
{
    private readonly TestShards _shards = new();

    public void Dispose() => _shards.Dispose();

    [Theory]
    [InlineData("{0..2}", "0 1 2")]
    [InlineData("{08..11}", "08 09 10 11")]
    [InlineData("{000..002}", "000 001 002")]
    [InlineData("{1..003}", "001 002 003")]
    [InlineData("{3..1}", "3 2 1")]
    [InlineData("{5..5}", "5")]
    [InlineData("a{x,y}b", "axb ayb")]
    [InlineData("{a,b}{0..1}", "a0 a1 b0 b1")]
    [InlineData("{a{0..1},c}", "a0 a1 c")]
    [InlineData("plain", "plain")]
    public void Braces_expand_as_in_a_shell(string pattern, string expected) =>
        Assert.Equal(expected.Split(' '), Braces.Expand(pattern));

    [Theory]
    [InlineData("{0..", "no '}'")]
    [InlineData("0..3}", "no '{'")]
    [InlineData("{x}", "neither a range")]
    [InlineData("{}", "neither a range")]
    [InlineData("{0..9999999999}", "more than")]
    [InlineData("{0..9999}{0..9999}", "more than")]
    public void Malformed_braces_say_what_is_wrong(string pattern, string expected) =>
        Assert.Contains(expected, Assert.Throws<FormatException>(() => Braces.Expand(pattern)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_folder_gives_its_tars_in_order()
    {
        Touch("b.tar", "a.tar", "notes.txt", "c.TAR");
        Assert.Equal(["a.tar", "b.tar", "c.TAR"], Names(ShardPattern.Expand(_shards.Folder)));
    }

    [Fact]
    public void A_glob_gives_what_it_matches_also_in_several_folders()
    {
        Touch("one/train-1.tar", "one/train-0.tar", "one/dev-0.tar", "two/train-7.tar", "two/train-8.zip");
        Assert.Equal(["train-0.tar", "train-1.tar"], Names(ShardPattern.Expand(_shards.Path("one/train-*.tar"))));
        Assert.Equal(["train-0.tar", "train-1.tar", "train-7.tar"], Names(ShardPattern.Expand(_shards.Path("*/train-?.*"))));
    }

    [Fact]
    public void Commas_join_patterns_and_a_shard_named_twice_is_used_once()
    {
        Touch("a-00.tar", "a-01.tar", "b.tar");
        var pattern = $"{_shards.Path("a-{00..01}.tar")}, {_shards.Path("b.tar")},{_shards.Path("a-*.tar")}";
        Assert.Equal(["a-00.tar", "a-01.tar", "b.tar"], Names(ShardPattern.Expand(pattern)));
    }

    [Fact]
    public void All_problems_are_named_at_once()
    {
        Touch("a-0.tar", "a-2.tar", "photo.jpg", "packed.tar.gz");
        Directory.CreateDirectory(_shards.Path("empty"));
        var parts = new[] { "a-{0..3}.tar", "none-*.tar", "empty", "photo.jpg", "packed.tar.gz" };
        var error = Assert.Throws<ConfigException>(() => ShardPattern.Expand(string.Join(',', parts.Select(_shards.Path)) + ",,"));
        Assert.Equal(8, error.Problems.Count);
        Assert.Contains("a-1.tar' (named by", error.Message, StringComparison.Ordinal);
        Assert.Contains("a-3.tar' (named by", error.Message, StringComparison.Ordinal);
        Assert.Contains("No .tar shard matches", error.Message, StringComparison.Ordinal);
        Assert.Contains("empty' has no .tar shard", error.Message, StringComparison.Ordinal);
        Assert.Contains("photo.jpg' is not a .tar shard", error.Message, StringComparison.Ordinal);
        Assert.Contains("unpacked", error.Message, StringComparison.Ordinal);
        Assert.Contains("empty part", error.Message, StringComparison.Ordinal);
        Assert.Contains("no '}'", Assert.Throws<ConfigException>(() => ShardPattern.Expand("{x")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Many_missing_shards_are_cut_short()
    {
        var error = Assert.Throws<ConfigException>(() => ShardPattern.Expand(_shards.Path("a-{0..99}.tar")));
        Assert.Equal(11, error.Problems.Count);
        Assert.Contains("90 more", error.Problems[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2023, holiday/s-0.tar")]
    [InlineData("{old}/s-0.tar")]
    [InlineData("a{1,2}b/s-0.tar")]
    [InlineData("x{y/s-0.tar")]
    [InlineData("x}y/s-0.tar")]
    [InlineData("[D_DATA]/s-0.tar")]
    [InlineData("x*y/s-0.tar")]
    [InlineData("q?r/s-0.tar")]
    [InlineData(" a /s-0.tar")]
    [InlineData("lr=0.1/s-0.tar")]
    [InlineData("a,b,{c/s-0.tar")]
    [InlineData("s-{0..1}.tar/s-0.tar")]
    public void What_is_there_by_the_very_name_is_no_pattern(string name)
    {
        Touch(name, "2023/none.tar", "x1y/none.tar", "qar/none.tar");
        var folder = Path.GetDirectoryName(_shards.Path(name))!;
        Assert.Equal([_shards.Path(name)], ShardPattern.Expand(_shards.Path(name)));
        Assert.Equal([_shards.Path(name)], ShardPattern.Expand(folder));
        Assert.Equal([_shards.Path(name)], ShardPattern.Expand(folder + "/"));
        Assert.Equal([_shards.Path(name)], ShardPattern.Expand(folder + "/s-*.tar"));
    }

    [Theory]
    [InlineData("2023, holiday/s-{0..1}.tar", "2023, holiday/s-0.tar|2023, holiday/s-1.tar")]
    [InlineData("{old}/s-{1..0}.tar", "{old}/s-1.tar|{old}/s-0.tar")]
    [InlineData("{old,new}/s-{0..1}.tar", "{old,new}/s-0.tar|{old,new}/s-1.tar")]
    [InlineData("{b,c}/s-0.tar", "b/s-0.tar|c/s-0.tar")]
    [InlineData("{b/s-0,c/s-1}.tar", "b/s-0.tar|c/s-1.tar")]
    [InlineData("?/{deep}/s-*.tar", "b/{deep}/s-0.tar")]
    [InlineData("{c,b}/s-*.tar", "c/s-0.tar|c/s-1.tar|b/s-0.tar|b/s-1.tar")]
    [InlineData("?/s-{1,0}.tar", "b/s-1.tar|c/s-1.tar|b/s-0.tar|c/s-0.tar")]
    [InlineData("{b,c}/s, {0..0}.tar", "b/s, 0.tar|c/s, 0.tar")]
    public void Only_the_parts_that_are_not_there_are_patterns(string pattern, string expected)
    {
        Touch(
        [
            .. new[] { "2023", "2023, holiday", "{old}", "{old,new}", "b", "c" }.SelectMany(folder => new[] { $"{folder}/s-0.tar", $"{folder}/s-1.tar" }),
            "b/{deep}/s-0.tar",
            "b/s, 0.tar",
            "c/s, 0.tar",
        ]);
        var found = ShardPattern.Expand(_shards.Path(pattern)).Select(path => Path.GetRelativePath(_shards.Folder, path));
        Assert.Equal(expected, string.Join('|', found));
    }

    [Fact]
    public void A_comma_divides_where_each_part_then_names_something()
    {
        Touch("2023/s-0.tar", "2023, holiday/s-0.tar", "a,b.tar", "c.tar");
        var list = string.Join(',', new[] { "2023, holiday/s-*.tar", "a,b.tar", "2023", "c.tar" }.Select(_shards.Path));
        Assert.Equal(
            ["2023, holiday/s-0.tar", "a,b.tar", "2023/s-0.tar", "c.tar"],
            ShardPattern.Expand(list).Select(path => Path.GetRelativePath(_shards.Folder, path)));
        Assert.Contains("d.tar' does not exist", Assert.Throws<ConfigException>(() => ShardPattern.Expand(list + "," + _shards.Path("d.tar"))).Message, StringComparison.Ordinal);
        Assert.False(ShardPattern.NamesSomething(""));
        Assert.False(ShardPattern.NamesSomething(_shards.Path("{x")));
    }

    private void Touch(params string[] names)
    {
        foreach (var name in names)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_shards.Path(name))!);
            File.WriteAllText(_shards.Path(name), "");
        }
    }

    private static IEnumerable<string> Names(IReadOnlyList<string> paths) => paths.Select(path => Path.GetFileName(path));
}
