using System.CommandLine;
using System.Text.Json;
using Flip.Cli.Reporting;
using Flip.Conversion;
using Flip.Data;
using Flip.Ingest.Images;
using Flip.Ingest.Packing;
using Flip.Ingest.Selection;
using Flip.Io;
using Flip.Tasks.Curation;

namespace Flip.Cli.Commands.Data;

/// <summary><c>flip data pack</c>: shards of any source of image-text pairs.</summary>
internal static class DataPackCommand
{
    private const int MostCaption = 1 << 20;
    private const int MostThreads = 1024;
    private static readonly PairSourceOptions Source = new();
    private static readonly Option<string> Out = new("--out") { Description = "Folder of the shards; one that was begun with the same options is gone on with.", Required = true };
    private static readonly Option<int> SamplesPerShard = new("--samples-per-shard") { Description = "Samples of a shard.", DefaultValueFactory = _ => PackOptions.MostSamplesPerShard };

    private static readonly Option<int> MinCaption = new("--min-caption") { Description = "Leave out captions of fewer characters.", DefaultValueFactory = _ => 1 };
    private static readonly Option<int?> MaxCaption = new("--max-caption") { Description = "Leave out captions of more characters (default: any)." };
    private static readonly Option<string?> Language = new("--language") { Description = "Keep captions of these languages, such as en or en,de; a caption goes where another language is five times as likely (default: any)." };
    private static readonly Option<DuplicateKind> Duplicates = new("--duplicates") { Description = "Leave out images that came before: None, Exact (the same file), Perceptual (the same look), Embedding (the same contents, as a --model sees them)." };
    private static readonly Option<string?> Model = new("--model") { Description = "Model of --duplicates embedding (see flip inspect)." };
    private static readonly Option<double?> Alike = new("--alike") { Description = "Cosine of two images' embeddings from which on they are the same, with --duplicates embedding (default: 0.95)." };
    private static readonly ConfigOptions Settings = new(ConfigOptions.Use);
    private static readonly Option<string?> Select = new("--select") { Description = "Keep only the samples that this file names: .npy of uids, or a table with the column uid, key or source_key ('flip data select' makes both)." };
    private static readonly Option<int?> Threads = new("--threads") { Description = "Threads that prepare images (default: as many as there are processors). They change no byte of the result." };
    private static readonly Option<bool> Json = new("--json") { Description = "Print the result as JSON." };

    public static Command Create()
    {
        var images = new ImageOptions("no");
        var command = new Command("pack", "Make WebDataset shards of pairs in any format: images resized and turned where they must be, what cannot be used counted by cause. A second call goes on where the first one stopped.")
        {
            Out, SamplesPerShard, MinCaption, MaxCaption, Language, Duplicates, Model, Alike, Select, Threads, Json,
        };
        Source.AddTo(command);
        images.AddTo(command);
        Settings.AddTo(command);
        command.SetAction((result, cancellation) =>
        {
            var options = Options(result, images);
            var folder = result.GetValue(Out)!;
            OutputPlace.CheckFolder(folder, "--out");
            using var view = Consoles.Progress(json: true); // standard output is for the result
            if (result.GetValue(Select) is { } named)
            {
                options = options with { Select = SampleSelection.Open(named, new SourceOptions { Say = view.Message, AllowOutside = result.GetValue(DataOptions.AllowOutside) }, cancellation) };
            }

            var reader = Source.Open(result, view.Message, cancellation);
            if (options.Languages.Count > 0)
            {
                view.Message("The models of 79 languages are loaded with the first caption: about 15 seconds, and 2 GB of memory.");
            }

            using var model = options.Duplicates == DuplicateKind.Embedding
                ? ModelSource.Load(result.GetValue(Model)!, Settings.Sets(result), view.Message) : null;
            var state = new ShardPacking(reader, model is null ? options : options with { Vectors = new ImageVectors(model) })
                .Run(folder, CountView.Of(view, "pack", "entries", reader.Count), cancellation);
            Console.Write(result.GetValue(Json) ? JsonSerializer.Serialize(state, JsonOutput.Options) + "\n" : PackText.Of(state, Path.GetFullPath(folder)));
            return state.Samples > 0 ? Task.CompletedTask : throw new ConfigException($"None of the {state.Entries} entries can be used.");
        });
        return command;
    }

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
        var alike = result.GetValue(Alike) ?? 0.95;
        if (!(alike is > 0 and <= 1))
        {
            problems.Add(FormattableString.Invariant($"--alike {alike}: must be more than 0 and at most 1."));
        }

        if (result.GetValue(Duplicates) == DuplicateKind.Embedding != result.GetValue(Model) is not null)
        {
            problems.Add("--model and --duplicates embedding belong together: name both, or none.");
        }

        string[] languages = [.. (result.GetValue(Language) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(code => code.ToLowerInvariant()).Distinct()];
        if (languages.Except(CaptionLanguages.Codes).ToList() is { Count: > 0 } unknown)
        {
            problems.Add($"--language {string.Join(',', unknown)}: not known. The codes are {string.Join(", ", CaptionLanguages.Codes)}.");
        }

        var preparation = images.Read(result, problems);
        return problems.Count > 0 ? throw new ConfigException(problems) : new PackOptions
        {
            Source = Source.Name(result),
            SourceSettings = Source.Settings(result),
            SamplesPerShard = result.GetValue(SamplesPerShard),
            Images = preparation,
            MinCaption = minCaption,
            MaxCaption = maxCaption,
            Languages = languages,
            Duplicates = result.GetValue(Duplicates),
            Alike = alike,
            Threads = result.GetValue(Threads) ?? Flip.Devices.Processors.Available,
        };
    }
}
