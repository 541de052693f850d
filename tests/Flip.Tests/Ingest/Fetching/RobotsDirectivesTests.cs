using Flip.Ingest.Fetching;

namespace Flip.Tests.Ingest.Fetching;

public sealed class RobotsDirectivesTests
{
    [Theory]
    [InlineData("noai", "noai")]
    [InlineData("NoAI", "noai")]
    [InlineData("nofollow, noimageai", "noimageai")]
    [InlineData("nofollow,noindex ,x", "noindex")]
    [InlineData("flip: noai", "noai")]
    [InlineData("FLIP : nofollow, NOIMAGEINDEX", "noimageindex")]
    [InlineData("*: noai", "noai")]
    [InlineData("otherbot: nofollow, flip: noai", "noai")]
    [InlineData("unavailable_after: 25 Jun 2010 15:00:00 PST, noai", "noai")]
    [InlineData("max-snippet: 20, noai", "noai")]
    [InlineData("mybot: noai", "noai")]
    [InlineData("", null)]
    [InlineData("all", null)]
    [InlineData("noaix", null)]
    [InlineData("otherbot: noai", null)]
    [InlineData("otherbot: nofollow, noai", null)]
    [InlineData("flip: nofollow, otherbot: noai", null)]
    [InlineData(", ,:", null)]
    public void A_header_forbids_what_it_says_to_us(string header, string? forbidding) =>
        Assert.Equal(forbidding, Default().Forbidding([header]));

    [Fact]
    public void Each_line_of_the_header_counts() => Assert.Equal("noai", Default().Forbidding(["otherbot: nofollow", "noai"]));

    [Fact]
    public void An_empty_list_turns_it_off() => Assert.Null(new RobotsDirectives(["flip"], []).Forbidding(["noai"]));

    private static RobotsDirectives Default() => new(["flip", "mybot"], new FetchOptions().DisallowedDirectives);
}
