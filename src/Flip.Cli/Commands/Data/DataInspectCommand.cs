using System.CommandLine;
using System.Text.Json;
using Flip.Cli.Reporting;
using Flip.Config;
using Flip.Data.Inspection;
using Flip.Progress;
using Flip.Tasks.Pretraining;
using Flip.Tokenizers;

namespace Flip.Cli.Commands.Data;

/// <summary><c>flip data inspect</c>: sizes, captions, tokens, duplicates, and what cannot be used.</summary>
internal static class DataInspectCommand
{
    private const long MostSamples = 100_000_000;

    public static Command Create()
    {
        var source = new Argument<string>("shards") { Description = "Shards: a folder, a pattern with * and ?, names in braces, addresses; or any other data that flip train takes." };
        var samples = new Option<long>("--samples")
        {
            Description = "Samples that are read, evenly spread over all; 0 reads all. Duplicates are looked for among them, and the memory grows with them.",
            DefaultValueFactory = _ => 10_000,
        };
        var vocabulary = new Option<string?>("--vocab") { Description = "Vocabulary file or folder that tokens are counted with; by default one is learnt from the captions, as a training does." };
        var tokenizer = new Option<TokenizerKind>("--tokenizer") { Description = "WordPiece, ClipBpe or SentencePiece, as data.tokenizer.", DefaultValueFactory = _ => TokenizerKind.WordPiece };
        var classes = new Option<string?>("--classes") { Description = "Class names of samples with .cls files, which become captions." };
        var page = new Option<string?>("--page") { Description = "Also write a page with a contact sheet and histograms to this .html file." };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command("inspect", "Say what a data set has: sizes, formats, lengths of captions, tokens that a text tower would cut, duplicates, what cannot be used, and how fast it is read.")
        {
            source, samples, vocabulary, tokenizer, classes, page, DataOptions.AllowOutside, json,
        };
        var stores = new StoreFlags();
        stores.AddTo(command);
        command.SetAction((result, cancellation) =>
        {
            var most = result.GetValue(samples);
            if (most is < 0 or > MostSamples)
            {
                throw new ConfigException($"--samples {most}: must be at least 0 and at most {MostSamples}.");
            }

            if (result.GetValue(page) is { } wanted && Directory.Exists(wanted))
            {
                throw new ConfigException($"--page {wanted}: is a folder; name the .html file.");
            }

            var config = stores.Of(result, new DataConfig
            {
                Train = result.GetValue(source)!,
                Vocabulary = result.GetValue(vocabulary),
                Tokenizer = result.GetValue(tokenizer),
                ClassNames = result.GetValue(classes),
            });
            using var view = Consoles.Progress(json: true); // standard output is for the result
            var data = TrainingData.Open(config, view.Message, cancellation, result.GetValue(DataOptions.AllowOutside));
            var inspection = new PairInspection(data.Pairs, Tokens(data, config, view, cancellation));
            var meter = new ItemMeter(view, "inspect", "samples", most == 0 ? data.Count : Math.Min(most, data.Count));
            var report = inspection.Run(most == 0 ? long.MaxValue : most, Shared(meter), cancellation);
            Console.Write(result.GetValue(json) ? JsonSerializer.Serialize(report, JsonOutput.Options) + "\n" : InspectionText.Of(report));
            if (result.GetValue(page) is { } file)
            {
                InspectionPage.Write(file, result.GetValue(source)!, report, inspection);
                view.Message($"Page: {Path.GetFullPath(file)}");
            }

            return Task.CompletedTask;
        });
        return command;
    }

    /// <summary>The tokenizer; null, which is said, where no vocabulary can be learnt.</summary>
    private static ITokenizer? Tokens(TrainingData data, DataConfig config, ConsoleProgress view, CancellationToken cancellation)
    {
        try
        {
            return data.Tokenizer(config, view.Message, cancellation);
        }
        catch (VocabularyException e) when (config.Vocabulary is null)
        {
            view.Message($"Tokens are not counted: {e.Message}");
            return null;
        }
    }

    /// <summary>A meter that many threads report to.</summary>
    private static Action<long> Shared(ItemMeter meter)
    {
        var gate = new Lock();
        return done =>
        {
            lock (gate)
            {
                if (done > meter.Done)
                {
                    meter.Report(done);
                }
            }
        };
    }
}
