using Flip.Tests.Cli;
namespace Flip.SlowTests.Cli;

public sealed class BoundedCommandTests
{
    [Fact]
    public void A_command_within_its_limits_gives_its_code_and_its_words()
    {
        var (code, output, error) = BoundedCommand.Run(["config", "--preset", "small"]);
        Assert.Equal((0, string.Empty), (code, error));
        Assert.Contains("\"model\"", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 100, 60, "more than 1 MB")]
    [InlineData(1500, 1, 60, "more than 1 threads")]
    [InlineData(1500, 100, 0, "more than 0 seconds")]
    public void A_command_beyond_a_limit_is_ended_and_fails_the_test(int megabytes, int threads, int seconds, string words)
    {
        var failure = Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => BoundedCommand.Run(["config", "--preset", "small"], megabytes, threads, seconds));
        Assert.Contains(words, failure.Message, StringComparison.Ordinal);
    }
}
