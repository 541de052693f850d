using System.Globalization;
using System.Text;
using Flip.Ingest.Downloading;
using Flip.Ingest.Fetching;

namespace Flip.Cli.Reporting;

/// <summary>What a download of a list has done, for people and programs.</summary>
internal sealed record DownloadSummary
{
    private const int CausesShown = 10;

    public required string Folder { get; init; }

    public required int Part { get; init; }

    public required int Parts { get; init; }

    /// <summary>Rows of the list in this part.</summary>
    public required long Rows { get; init; }

    /// <summary>Of these, rows that earlier runs had done.</summary>
    public required long Earlier { get; init; }

    public required long Successes { get; init; }

    public required long FailedToDownload { get; init; }

    public required long FailedToResize { get; init; }

    /// <summary>Failed rows by cause, the commonest first.</summary>
    public required IReadOnlyDictionary<string, int> Causes { get; init; }

    public required int Shards { get; init; }

    public required int ShardsBefore { get; init; }

    public required long Bytes { get; init; }

    public required double Seconds { get; init; }

    public required double RowsPerSecond { get; init; }

    /// <summary>Time of all processors in this process.</summary>
    public required double ProcessorSeconds { get; init; }

    public static DownloadSummary Of(string folder, ShardDownloadOptions options, DownloadResult done) => new()
    {
        Folder = folder,
        Part = options.Part,
        Parts = options.Parts,
        Rows = done.Counts.Rows,
        Earlier = done.Counts.Earlier,
        Successes = done.Counts.Successes,
        FailedToDownload = done.Counts.FailedToDownload,
        FailedToResize = done.Counts.FailedToResize,
        Causes = new OrderedDictionary<string, int>(done.Counts.Causes),
        Shards = done.Counts.Shards,
        ShardsBefore = done.Counts.ShardsBefore,
        Bytes = done.Counts.Bytes,
        Seconds = done.Seconds,
        ProcessorSeconds = Environment.CpuUsage.TotalTime.TotalSeconds,
        RowsPerSecond = (done.Counts.Rows - done.Counts.Earlier) / Math.Max(done.Seconds, 1e-3),
    };

    /// <summary>A few lines.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        Line($"{Rows:N0} rows{(Parts > 1 ? $" of part {Part} of {Parts}" : string.Empty)}, {Earlier:N0} of them done before. This run: {Successes:N0} came, {FailedToDownload:N0} did not, {FailedToResize:N0} are no image that can be used.");
        Line($"{Shards:N0} shards in {Seconds:N1} s: {RowsPerSecond:N0} rows a second, {Bytes / 1e6 / Math.Max(Seconds, 1e-3):N1} MB a second.");
        foreach (var (cause, count) in Causes.Take(CausesShown))
        {
            Line($"  {count,10:N0}  {cause}");
        }

        if (Causes.Where(cause => FetchCause.IsPassing(cause.Key)).Sum(cause => cause.Value) is > 0 and var passing)
        {
            Line($"{passing:N0} rows failed for causes that may pass; the same command with --retry-failed fetches them alone.");
        }

        Line($"Next: flip data inspect {Folder}");
        return text.ToString();

        void Line(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }
}
