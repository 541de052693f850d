using Flip.Cli.Reporting;
using Flip.Conversion.Download;

namespace Flip.Tests.Cli.Reporting;

public class TransferSpeedTests
{
    [Fact]
    public void Bytes_that_were_here_before_are_not_counted()
    {
        var clock = new Clock();
        var speed = new TransferSpeed(clock);
        void Report(double second, string file, bool isChecking, long bytes)
        {
            clock.Seconds = second;
            speed.Report(new DownloadProgress(file, isChecking, bytes, 10_000));
        }

        Report(0, "a", true, 0);
        Report(5, "a", true, 3000); // a file that was here, five seconds of hashing
        Report(6, "b", false, 5000); // the part of another
        Assert.Null(speed.BytesPerSecond);
        Assert.Null(speed.Remaining);
        Report(8, "b", false, 6000);
        Assert.Equal(500, speed.BytesPerSecond);
        Assert.Equal(TimeSpan.FromSeconds(8), speed.Remaining);
        Report(20, "b", true, 6000);
        Report(21, "c", false, 6000);
        Report(22, "c", false, 8000);
        Assert.Equal(1000, speed.BytesPerSecond);
        Assert.Equal(TimeSpan.FromSeconds(2), speed.Remaining);

        // A server that starts over takes bytes back.
        Report(23, "c", false, 6000);
        Assert.Equal(1000, speed.BytesPerSecond);
    }

    [Theory]
    [InlineData(null, null, "")]
    [InlineData(1_500_000.0, null, "1.5 MB/s")]
    [InlineData(1_500_000.0, 75.0, "1.5 MB/s, left 1:15")]
    [InlineData(1_500_000.0, 90_061.0, "1.5 MB/s, left 1.01:01:01")]
    public void It_is_written_for_people(double? speed, double? seconds, string expected) =>
        Assert.Equal(expected, DownloadView.Describe(speed, seconds is { } left ? TimeSpan.FromSeconds(left) : null));

    private sealed class Clock : TimeProvider
    {
        public double Seconds { get; set; }

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => (long)(Seconds * 1000);
    }
}
