using System.CommandLine;
using System.Text.Json;
using Flip.Cli.Reporting;
using Flip.Data;
using Flip.Ingest.Downloading;
using Flip.Ingest.Fetching;
using Flip.Ingest.Images;
using Flip.Io;

namespace Flip.Cli.Commands.Data;

/// <summary><c>flip data download</c>: lists of addresses to shards.</summary>
internal static class DataDownloadCommand
{
    private static readonly ShardDownloadOptions Defaults = new();

    private static readonly Argument<string> List = new("list")
    {
        Description = "The list: a .parquet, .csv, .tsv or .jsonl file (texts also with .gz), a folder of such, a pattern with * and ?, or names in braces.",
    };

    private static readonly Option<string> Out = new("--out") { Description = "Folder of the shards. The same command goes on where the last one stopped.", Required = true };
    private static readonly Option<string?> Url = new("--url-column") { Description = "Column of the addresses (default: url and names that are usual for it)." };
    private static readonly Option<string?> Caption = new("--caption-column") { Description = "Column of the captions (default: caption, text and names that are usual for it)." };
    private static readonly Option<string?> Sha256 = new("--sha256-column") { Description = "Column with the SHA-256 that a file must have." };
    private static readonly Option<string> Saved = new("--save-columns") { Description = "Other columns that are kept in the samples' .json and the tables, with commas between.", DefaultValueFactory = _ => string.Empty };
    private static readonly Option<int> Rows = new("--rows-per-shard") { Description = "Rows of the list to a shard.", DefaultValueFactory = _ => Defaults.RowsPerShard };
    private static readonly Option<int> Concurrency = new("--concurrency") { Description = "Requests in flight.", DefaultValueFactory = _ => Defaults.Concurrency };
    private static readonly Option<int> PerHost = new("--per-host") { Description = "Of these, to one host.", DefaultValueFactory = _ => Defaults.Fetch.PerHost };
    private static readonly Option<int> Timeout = new("--timeout") { Description = "Seconds of a whole request, to the last byte.", DefaultValueFactory = _ => (int)Defaults.Fetch.Timeout.TotalSeconds };
    private static readonly Option<int> MaxBytes = new("--max-bytes") { Description = "Bytes of a file.", DefaultValueFactory = _ => Defaults.Fetch.MaxBytes };
    private static readonly Option<int> Retries = new("--retries") { Description = "Tries after the first one, where the cause may pass: no answer, a cut connection, 408, 425, 429, 5xx.", DefaultValueFactory = _ => Defaults.Retries };
    private static readonly Option<int> Threads = new("--threads") { Description = "Threads that decode and resize; 0 for one a processor." };

    private static readonly Option<string?> Retry = new("--retry-failed")
    {
        Description = "Fetch rows of finished shards again that failed: 'passing' (the default: only for causes that may have passed) or 'all'.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<string?> Token = new("--user-agent-token") { Description = "What this downloader calls itself besides flip, in User-Agent and X-Robots-Tag." };

    private static readonly Option<string> Directives = new("--disallowed-header-directives")
    {
        Description = "Directives of X-Robots-Tag with which an image is not taken, with commas between; '' takes all.",
        DefaultValueFactory = _ => string.Join(',', Defaults.Fetch.DisallowedDirectives),
    };

    private static readonly Option<bool> AllowPrivate = new("--allow-private") { Description = "Ask hosts of this machine and its networks too: for lists that you trust." };

    private static readonly Option<bool> UseProxy = new("--use-proxy")
    {
        Description = "Go through the proxy that the environment names. It looks names up itself, so that addresses behind names are not vetted here.",
    };

    private static readonly Option<bool> Json = new("--json") { Description = "Print what was done as JSON." };

    /// <param name="ranks">The processes that divide the shards.</param>
    public static Command Create(CommandRanks ranks)
    {
        var images = new ImageOptions("keep_ratio");
        var command = new Command(
            "download",
            "Download images from a list of addresses into shards. Hosts of private networks are never asked, X-Robots-Tag is honoured, every row is accounted for, and after any stop the same command goes on.")
        {
            List, Out, Url, Caption, Sha256, Saved, Rows,
        };
        images.AddTo(command);
        foreach (var option in (Option[])[Concurrency, PerHost, Timeout, MaxBytes, Retries, Threads, PartOption.Part, Retry, Token, Directives, AllowPrivate, UseProxy, DataOptions.AllowOutside, Json])
        {
            command.Add(option);
        }

        ranks.Divide(command);
        command.SetAction((result, cancellation) => RunAsync(result, images, ranks, cancellation));
        return command;
    }

    private static async Task RunAsync(ParseResult result, ImageOptions images, CommandRanks ranks, CancellationToken cancellation)
    {
        var options = Options(result, images, ranks);
        var folder = result.GetValue(Out)!;
        OutputPlace.CheckFolder(folder, "--out");
        var columns = new UrlColumns
        {
            Url = result.GetValue(Url),
            Caption = result.GetValue(Caption),
            Sha256 = result.GetValue(Sha256),
            Saved = Names(result.GetValue(Saved)!),
        };
        var json = result.GetValue(Json);
        using var progress = Consoles.Progress(json);
        var list = TableUrlList.Open(result.GetValue(List)!, columns, new SourceOptions { AllowOutside = result.GetValue(DataOptions.AllowOutside) }, cancellation);
        var download = new ShardDownload(list, folder, options);
        try
        {
            DownloadResult done;
            using (new ShardDownloadView(progress, download))
            {
                done = await download.RunAsync(cancellation);
            }

            var summary = DownloadSummary.Of(folder, options, done);
            progress.Dispose(); // what follows comes after the bar
            Console.Write(json ? JsonSerializer.Serialize(summary, JsonOutput.Options) + "\n" : summary.ToText());
        }
        catch (Exception e) when (e is OperationCanceledException or IOException and not FolderInUseException)
        {
            progress.Message("What has come is kept; the same command goes on from there."); // after a stop, or on a disk that has room again
            throw;
        }
    }

    private static ShardDownloadOptions Options(ParseResult result, ImageOptions images, CommandRanks ranks)
    {
        var problems = new List<string>();
        var options = new ShardDownloadOptions
        {
            RowsPerShard = Number(Rows, 1, 1_000_000),
            Concurrency = Number(Concurrency, 1, 16_384),
            Retries = Number(Retries, 0, 20),
            Threads = Number(Threads, 0, 1024),
            Retry = RetryOf(result, problems),
            Images = images.Read(result, problems),
            Fetch = new FetchOptions
            {
                PerHost = Number(PerHost, 1, 16_384),
                Timeout = TimeSpan.FromSeconds(Number(Timeout, 1, 86_400)),
                MaxBytes = Number(MaxBytes, 1, 256 << 20),
                AllowPrivate = result.GetValue(AllowPrivate),
                UseProxy = result.GetValue(UseProxy),
                UserAgentToken = result.GetValue(Token),
                DisallowedDirectives = Names(result.GetValue(Directives)!),
            },
        };
        var (part, parts) = PartOption.Read(result, ranks.Launch, problems);
        return problems.Count == 0 ? options with { Part = part, Parts = parts } : throw new ConfigException(problems);

        int Number(Option<int> option, int least, int most) => ImageOptions.Number(result, option, least, most, problems);
    }

    private static RetryFailed RetryOf(ParseResult result, List<string> problems)
    {
        var text = result.GetValue(Retry);
        if (result.GetResult(Retry) is null)
        {
            return RetryFailed.None;
        }

        switch (text)
        {
            case null or "" or "passing":
                return RetryFailed.Passing;
            case "all":
                return RetryFailed.All;
            default:
                problems.Add($"--retry-failed {text}: expected passing or all.");
                return RetryFailed.None;
        }
    }

    private static string[] Names(string text) => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
