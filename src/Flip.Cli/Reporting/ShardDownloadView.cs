using System.Diagnostics;
using System.Globalization;
using Flip.Ingest.Downloading;
using Flip.Progress;

namespace Flip.Cli.Reporting;

/// <summary>Shows a download of a list now and then: rows and their rate, requests in flight, what came and what did not, and the commonest causes.</summary>
internal sealed class ShardDownloadView : IDisposable
{
    private const int CausesShown = 3;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(0.5);

    private readonly IProgressView _view;
    private readonly ShardDownload _download;
    private readonly Timer _timer;
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly Lock _gate = new();

    /// <param name="view">Where it is shown.</param>
    /// <param name="download">What is shown.</param>
    public ShardDownloadView(IProgressView view, ShardDownload download)
    {
        (_view, _download) = (view, download);
        _timer = new Timer(_ => Show(), null, Interval, Interval);
    }

    /// <summary>Shows the last state.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        Show();
    }

    /// <summary>What came, what did not and why.</summary>
    internal static string Describe(DownloadCounts counts)
    {
        var causes = string.Join(", ", counts.Causes.Take(CausesShown).Select(cause => string.Create(CultureInfo.InvariantCulture, $"{cause.Key} {cause.Value:N0}")));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{counts.InFlight:N0} in flight, {counts.Bytes / 1e6:N0} MB, {counts.Successes:N0} came, {counts.FailedToDownload + counts.FailedToResize:N0} did not{(causes.Length > 0 ? $" ({causes})" : string.Empty)}");
    }

    private void Show()
    {
        lock (_gate)
        {
            var counts = _download.Counts;
            var seconds = Stopwatch.GetElapsedTime(_start).TotalSeconds;
            var rate = (counts.Rows - counts.Earlier) / Math.Max(seconds, 1e-3);
            var total = _download.Rows;
            var left = rate > 0 && total > counts.Rows ? TimeSpan.FromSeconds(Math.Min((total - counts.Rows) / rate, TimeSpan.FromDays(999).TotalSeconds)) : TimeSpan.Zero;
            _view.Report(new ItemProgress("download", "rows", counts.Rows, total, rate, left) { Note = Describe(counts) });
        }
    }
}
