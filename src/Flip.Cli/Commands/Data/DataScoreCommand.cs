using System.CommandLine;
using System.Text.Json;
using Flip.Cli.Reporting;
using Flip.Conversion;
using Flip.Data;
using Flip.Devices;
using Flip.Ingest.Formats;
using Flip.Io;
using Flip.Tasks.Curation;

namespace Flip.Cli.Commands.Data;

/// <summary><c>flip data score</c>: how well the image and the caption of each pair fit.</summary>
internal static class DataScoreCommand
{
    private static readonly Argument<string> Model = ModelArgument.Create();
    private static readonly PairSourceOptions Source = new();
    private static readonly Option<string> Out = new("--out") { Description = "Folder of the tables. The same command goes on where the last one stopped.", Required = true };
    private static readonly Option<int> Rows = new("--rows-per-table") { Description = "Entries of the source to a table: what a stop loses at most.", DefaultValueFactory = _ => 10_000 };
    private static readonly Option<bool> Json = new("--json") { Description = "Print the result as JSON." };
    private static readonly ConfigOptions Settings = new(ConfigOptions.Use);

    /// <param name="ranks">The processes that divide the work.</param>
    public static Command Create(CommandRanks ranks)
    {
        var command = new Command(
            "score",
            "Score image-text pairs by a model: the similarity of each image and its caption, as Parquet, for 'flip data select'. Of several captions the one counts that fits best.")
        {
            Model,
        };
        Source.AddTo(command);
        foreach (var option in (Option[])[Out, Rows, PartOption.Part, Json])
        {
            command.Add(option);
        }

        Settings.AddTo(command);
        ranks.Divide(command);
        command.SetAction((result, cancellation) => Task.FromResult(Run(result, ranks, cancellation)));
        return command;
    }

    private static int Run(ParseResult result, CommandRanks ranks, CancellationToken cancellation)
    {
        var problems = new List<string>();
        var (part, parts) = PartOption.Read(result, ranks.Launch, problems);
        var options = new ScoreOptions
        {
            Source = Source.Name(result),
            SourceSettings = Source.Settings(result),
            RowsPerTable = ImageOptions.Number(result, Rows, 1, ScoreOptions.MostRows, problems),
            Part = part,
            Parts = parts,
        };
        if (problems.Count > 0)
        {
            throw new ConfigException(problems);
        }

        var folder = result.GetValue(Out)!;
        OutputPlace.CheckFolder(folder, "--out");
        var json = result.GetValue(Json);
        using var view = Consoles.Progress(json: true); // standard output is for the result
        var reader = Source.Open(result, view.Message, cancellation);
        using var loaded = ModelSource.Load(result.GetValue(Model)!, Settings.Sets(result), view.Message);
        Compute.UseThreads(loaded.Config.Train);
        var scoring = new PairScoring(reader, loaded, options);
        try
        {
            var summary = scoring.Run(folder, CountView.Of(view, "score", "pairs", scoring.Planned), cancellation);
            Console.Write(json ? JsonSerializer.Serialize(summary, JsonOutput.Options) + "\n" : ScoreText.Of(summary, folder));
            if (parts > 1)
            {
                view.Message("These are the tables that are there; other parts may be at work. The same command later tells of all.");
            }

            return summary.Scored > 0 || summary.Rows == 0 ? 0 : throw new ConfigException($"None of the {summary.Rows} pairs can be scored.");
        }
        catch (OperationCanceledException)
        {
            view.Message("Tables that are finished are kept; the same command goes on from there.");
            throw;
        }
    }
}
