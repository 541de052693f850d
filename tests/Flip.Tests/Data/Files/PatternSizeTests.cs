using Flip.Data.Shards;

namespace Flip.Tests.Data.Files;

/// <summary>Patterns that mean more than anybody has: counted, not made.</summary>
public sealed class PatternSizeTests
{
    public static TheoryData<string, string> TooMuch => new()
    {
        { string.Concat(Enumerable.Repeat("{0..9}", 8)), "100,000,000 shards" },
        { string.Concat(Enumerable.Repeat("{0..9}", 60)), "10^18 and more" },
        { "{0..9223372036854775807}", "10^18 and more" },
        { "{9223372036854775807..0}", "10^18 and more" },
        { "{" + new string('0', 100_000) + "1..999999}", "characters" },
        { new string('x', 100_000) + "{0..99999}", "characters" },
        { string.Concat(Enumerable.Repeat("{", 20_000)) + "a" + string.Concat(Enumerable.Repeat("}", 20_000)), "20000 braces" },
        { string.Concat(Enumerable.Repeat("{a,", 20_000)) + "a" + string.Concat(Enumerable.Repeat("}", 20_000)), "20000 braces" },
        { string.Concat(Enumerable.Repeat("{0..0}", 20_000)), "20000 braces" },
    };

    [Theory]
    [MemberData(nameof(TooMuch))]
    public void Names_are_counted_before_they_are_made(string pattern, string problem)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains(problem, Assert.Throws<FormatException>(() => Braces.Expand(pattern)).Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20_000_000);
    }

    [Fact]
    public void The_largest_real_pattern_is_read()
    {
        var names = Braces.Expand("/data/laion5B/laion2B-en/{000000..230000}.tar");
        Assert.Equal((230_001, "/data/laion5B/laion2B-en/000000.tar", "/data/laion5B/laion2B-en/230000.tar"), (names.Count, names[0], names[^1]));
    }

    [Fact]
    public void Wildcards_do_not_follow_links_without_end()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a right there");
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("d"));
        for (var i = 0; i < 8; i++)
        {
            Directory.CreateSymbolicLink(folder.File($"d/{i}"), ".");
        }

        var pattern = folder.File("d/" + string.Concat(Enumerable.Repeat("*/", 30)) + "x.tar");
        var effort = new ShardSearch.Effort(most: 10_000);
        Assert.Contains("places", Assert.Throws<FormatException>(() => new ShardSearch(pattern, effort)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_shards_are_counted_and_the_first_ones_told()
    {
        using var folder = new TemporaryFolder();
        var error = Assert.Throws<ConfigException>(() => ShardPattern.Expand(folder.File("{0..49999}.tar")));
        Assert.Equal(11, error.Problems.Count);
        Assert.Equal("... and 49990 more like these.", error.Problems[^1]);
    }

    [Fact]
    public void A_pattern_longer_than_an_argument_is_refused() =>
        Assert.Contains("131,072", Assert.Throws<ConfigException>(() => ShardPattern.Expand(new string(',', 200_000))).Message, StringComparison.Ordinal);
}
