using System.CommandLine;
using System.Text.Json;
using Flip.Cli.Reporting;
using Flip.Data;
using Flip.Ingest.Formats;
using Flip.Ingest.Images;
using Flip.Ingest.Packing;
using Flip.Ingest.Selection;
using Flip.Io;
using Flip.Progress;

namespace Flip.Cli.Commands;

/// <summary><c>flip data pack</c>: shards of any source of image-text pairs.</summary>
internal static class DataPackCommand
{
    private const int MostCaption = 1 << 20;
    private const int MostThreads = 1024;
    private static readonly TimeSpan SayEvery = TimeSpan.FromSeconds(10);

    private static readonly Argument<string> Source = new("source")
    {
        Description = "Shards, TFRecord files, tables (.csv, .tsv, .jsonl, .parquet; texts also with .gz), COCO's or Karpathy's captions, or a folder of images: a folder, a file, a name with * and ?, or names in braces.",
    };

    private static readonly Option<string> Out = new("--out") { Description = "Folder of the shards; one that was begun with the same options is gone on with.", Required = true };
    private static readonly Option<int> SamplesPerShard = new("--samples-per-shard") { Description = "Samples of a shard.", DefaultValueFactory = _ => PackOptions.MostSamplesPerShard };

    private static readonly Option<int> MinCaption = new("--min-caption") { Description = "Leave out captions of fewer characters.", DefaultValueFactory = _ => 1 };
    private static readonly Option<int?> MaxCaption = new("--max-caption") { Description = "Leave out captions of more characters (default: any)." };
    private static readonly Option<DuplicateKind> Duplicates = new("--duplicates") { Description = "Leave out images that came before: None, Exact (the same file), Perceptual (the same look)." };
    private static readonly Option<string?> Select = new("--select") { Description = "Keep only the samples that this file names: .npy of uids, or a table with the column uid, key or source_key ('flip data select' makes both)." };
    private static readonly Option<string?> ImageColumn = new("--image-column") { Description = "Column of a table that has the images' paths or bytes (default: found by its name)." };
    private static readonly Option<string[]> CaptionColumns = new("--caption-column") { Description = "Column of a table that has captions; may be given several times (default: found by its name)." };
    private static readonly Option<string> Split = new("--split") { Description = "Part of a data set that has several.", DefaultValueFactory = _ => "train" };
    private static readonly Option<int?> Threads = new("--threads") { Description = "Threads that prepare images (default: as many as there are processors). They change no byte of the result." };
    private static readonly Option<bool> Json = new("--json") { Description = "Print the result as JSON." };

    public static Command Create()
    {
        var images = new ImageOptions("no");
        var command = new Command("pack", "Make WebDataset shards of pairs in any format: images resized and turned where they must be, what cannot be used counted by cause. A second call goes on where the first one stopped.")
        {
            Source, Out, SamplesPerShard, MinCaption, MaxCaption, Duplicates, Select, ImageColumn, CaptionColumns, Split, Threads, DataOptions.AllowOutside, Json,
        };
        images.AddTo(command);
        command.SetAction((result, cancellation) =>
        {
            var options = Options(result, images);
            var folder = result.GetValue(Out)!;
            OutputPlace.CheckFolder(folder, "--out");
            using var view = Consoles.Progress(json: true); // standard output is for the result
            var reading = Reading(result, view.Message);
            options = options with { Select = result.GetValue(Select) is { } named ? SampleSelection.Open(named, reading.Source, cancellation) : null };
            var reader = PairReaders.Open(result.GetValue(Source)!, reading, cancellation);
            view.Message($"Format: {reader.Format}.");
            var state = new ShardPacking(reader, options).Run(folder, Progress(view, reader.Count), cancellation);
            Console.Write(result.GetValue(Json) ? JsonSerializer.Serialize(state, JsonOutput.Options) + "\n" : PackText.Of(state, Path.GetFullPath(folder)));
            return state.Samples > 0 ? Task.CompletedTask : throw new ConfigException($"None of the {state.Entries} entries can be used.");
        });
        return command;
    }

    private static PairReaderOptions Reading(ParseResult result, Action<string> say) => new()
    {
        Source = SourceProgress.Sources(say, allowMissing: true, allowOutside: result.GetValue(DataOptions.AllowOutside)),
        Split = result.GetValue(Split)!,
        ImageColumn = result.GetValue(ImageColumn),
        CaptionColumns = result.GetValue(CaptionColumns) ?? [],
    };

    private static PackOptions Options(ParseResult result, ImageOptions images)
    {
        var problems = new List<string>();
        void Check<T>(string option, T value, T least, T most)
            where T : IComparable<T>
        {
            if (value.CompareTo(least) < 0 || value.CompareTo(most) > 0)
            {
                problems.Add(FormattableString.Invariant($"{option} {value}: must be at least {least} and at most {most}."));
            }
        }

        var (minCaption, maxCaption) = (result.GetValue(MinCaption), result.GetValue(MaxCaption) ?? MostCaption);
        Check("--samples-per-shard", result.GetValue(SamplesPerShard), 1, PackOptions.MostSamplesPerShard);
        Check("--min-caption", minCaption, 1, MostCaption);
        Check("--max-caption", maxCaption, Math.Min(Math.Max(minCaption, 1), MostCaption), MostCaption);
        Check("--threads", result.GetValue(Threads) ?? 1, 1, MostThreads);
        var preparation = images.Read(result, problems);
        return problems.Count > 0 ? throw new ConfigException(problems) : new PackOptions
        {
            Source = Path.Exists(result.GetValue(Source)) ? Path.GetFullPath(result.GetValue(Source)!) : result.GetValue(Source)!,
            SourceSettings = new Dictionary<string, string>
            {
                ["image-column"] = result.GetValue(ImageColumn) ?? "-",
                ["caption-column"] = string.Join(",", result.GetValue(CaptionColumns) ?? []),
                ["split"] = result.GetValue(Split)!,
            },
            SamplesPerShard = result.GetValue(SamplesPerShard),
            Images = preparation,
            MinCaption = minCaption,
            MaxCaption = maxCaption,
            Duplicates = result.GetValue(Duplicates),
            Threads = result.GetValue(Threads) ?? Flip.Devices.Processors.Available,
        };
    }

    /// <summary>A bar where the entries are counted, else a line now and then.</summary>
    private static Action<long> Progress(ConsoleProgress view, long? count)
    {
        if (count is { } all)
        {
            return new ItemMeter(view, "pack", "entries", all).Report;
        }

        var said = TimeProvider.System.GetTimestamp();
        return done =>
        {
            if (TimeProvider.System.GetElapsedTime(said) >= SayEvery)
            {
                said = TimeProvider.System.GetTimestamp();
                view.Message(FormattableString.Invariant($"Packing: {done:N0} entries."));
            }
        };
    }
}
