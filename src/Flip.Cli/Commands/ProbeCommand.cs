using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Flip.Cli.Reporting;
using Flip.Collectives;
using Flip.Evaluation.Embedding;
using Flip.Evaluation.Probes;
using Flip.Io;
using Spectre.Console;

namespace Flip.Cli.Commands;

/// <summary><c>flip probe</c>: linear, few-shot and nearest-neighbour classification on a model's frozen features.</summary>
internal sealed class ProbeCommand
{
    private const string All = "all";

    private readonly Argument<string> _model = ModelArgument.Create();

    private readonly Option<string> _train = new("--train") { Description = "Labelled training images: NAME=PATH of a known data set (flip datasets), a folder of class folders, .tar shards with .cls, a .csv list.", Required = true };

    private readonly Option<string> _test = new("--test") { Description = "Labelled test images, named likewise.", Required = true };

    private readonly Option<string?> _classes = new("--classes") { Description = "Class names by number; by default the numbers." };

    private readonly Option<string> _method = new("--method")
    {
        Description = "logistic: L-BFGS, λ swept on a fifth of the training images, then refitted to all (CLIP). lars: the paper's recipe. "
            + "knn: nearest neighbours by cosine, votes weighted and plain. fewshot: logistic on a few images of each class. Several with commas, or all.",
        DefaultValueFactory = _ => All,
    };

    private readonly Option<FeatureKind?> _feature = new("--feature")
    {
        Description = "Pooled: the tower's feature before the projection. Embedding: the normalised embedding. Without: Embedding for knn, else Pooled.",
    };

    private readonly Option<double?> _lambda = new("--lambda")
    {
        Description = "Regulariser of logistic and fewshot, in mean cross-entropy + λ/2 · squared weights; by default swept from 1e-6 to 1e6.",
    };

    private readonly Option<FeatureScaling> _scaling = new("--scaling")
    {
        Description = "Features before logistic and fewshot: Common (one factor: the unit of λ), Standardize (each feature), None.",
        DefaultValueFactory = _ => FeatureScaling.Common,
    };

    private readonly Option<string> _shots = new("--shots") { Description = "Images of each class for fewshot.", DefaultValueFactory = _ => "1,2,4,8,16" };

    private readonly Option<int> _seeds = new("--seeds") { Description = "Times fewshot draws them; mean ± standard deviation.", DefaultValueFactory = _ => 3 };

    private readonly Option<int> _neighbors = new("--k") { Description = "Neighbours that vote.", DefaultValueFactory = _ => 20 };

    private readonly Option<int> _views = new("--views")
    {
        Description = "lars: random crops extracted of each training image, an epoch each in turn; 1 takes the evaluation's own view. The paper crops anew in every epoch.",
        DefaultValueFactory = _ => 1,
    };

    private readonly Option<int> _larsEpochs = new("--lars-epochs") { Description = "lars: epochs, 10 of 90 for the warm-up.", DefaultValueFactory = _ => 90 };

    private readonly Option<int> _larsBatch = new("--lars-batch")
    {
        Description = "lars: images of a step; the whole set where it is smaller.",
        DefaultValueFactory = _ => 16_384,
    };

    private readonly Option<double> _larsRate = new("--lars-rate") { Description = "lars: learning rate of a batch of 256.", DefaultValueFactory = _ => 0.01 };

    private readonly Option<string?> _cache = new("--cache")
    {
        Description = "Folder that keeps features: the same model and images are encoded once, and a stopped run goes on. By default your own cache.",
    };

    private readonly Option<string?> _out = new("--out") { Description = "Folder for results.json, and a folder of results for each method, as flip eval's." };

    private readonly Option<bool> _missing = new("--allow-missing") { Description = "Leave out images that cannot be read and count them; by default it is an error." };

    private readonly Option<bool> _json = new("--json") { Description = "Print the results as JSON." };

    private readonly MaskOptions _mask = new();

    private readonly ConfigOptions _settings = new(ConfigOptions.Use);

    private ProbeCommand()
    {
    }

    /// <param name="ranks">The processes that share the work.</param>
    public static Command Create(CommandRanks ranks) => new ProbeCommand().Build(ranks);

    private Command Build(CommandRanks ranks)
    {
        var command = new Command("probe", "Measure a model's frozen features: linear probes, few-shot probes, k-NN. Features are encoded once and kept.")
        {
            _model, _train, _test, _classes, _method, _feature, _lambda, _scaling, _shots, _seeds, _neighbors, _views, _larsEpochs, _larsBatch, _larsRate,
            _cache, _out, _missing, DataOptions.AllowOutside, _json,
        };
        _mask.AddTo(command);
        _settings.AddTo(command);
        ranks.Share(command);
        command.SetAction((result, cancellation) =>
        {
            Run(Request(result), result.GetValue(_json), ranks.All, cancellation);
            return Task.FromResult(0);
        });
        return command;
    }

    private static void Run(ProbeRequest request, bool json, ICommunicator ranks, CancellationToken cancellation)
    {
        using var view = Consoles.Progress(json);
        if (new ProbeRun(request, view, ranks).Run(cancellation) is not { } report)
        {
            return; // rank 0 has the results
        }

        view.Dispose(); // the last line of progress stands before the table
        var text = JsonSerializer.Serialize(report, JsonOutput.Options);
        if (request.Out is { } folder)
        {
            AtomicFile.WriteText(Path.Combine(folder, "results.json"), text);
        }

        if (json)
        {
            Console.WriteLine(text);
        }
        else
        {
            Print(report, request.Out);
        }
    }

    private ProbeRequest Request(ParseResult result) => new(
        result.GetValue(_model)!,
        result.GetValue(_train)!,
        result.GetValue(_test)!,
        result.GetValue(_classes),
        result.GetValue(_method) == All ? ProbeRequest.AllMethods : Parts(result.GetValue(_method)!),
        result.GetValue(_feature),
        result.GetValue(_cache),
        result.GetValue(_out),
        result.GetValue(_missing),
        _mask.Choice(result),
        _settings.Sets(result))
    {
        Logistic = new() { Lambda = result.GetValue(_lambda), Scaling = result.GetValue(_scaling) },
        Lars = new()
        {
            Epochs = result.GetValue(_larsEpochs),
            WarmupEpochs = result.GetValue(_larsEpochs) / 9, // the paper's share
            BatchSize = result.GetValue(_larsBatch),
            BaseLearningRate = result.GetValue(_larsRate),
        },
        AllowOutside = result.GetValue(DataOptions.AllowOutside),
        Views = result.GetValue(_views),
        Shots = [.. Parts(result.GetValue(_shots)!).Select(Number)],
        Seeds = result.GetValue(_seeds),
        Neighbors = result.GetValue(_neighbors),
    };

    private static string[] Parts(string list) => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static int Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw new ConfigException($"--shots: '{text}' is no number of images.");

    private static void Print(ProbeReport report, string? folder)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn("method").NoWrap()).AddColumns("feature", "setting");
        foreach (var name in (string[])["top-1", "top-5", "mean per class", "seconds"])
        {
            table.AddColumn(new TableColumn(name).RightAligned());
        }

        foreach (var row in report.Rows)
        {
            table.AddRow(
                Markup.Escape(row.Method),
                row.Feature.ToString(),
                Markup.Escape(row.Setting),
                Percent(row.Top1, row.Top1Deviation),
                Percent(row.Top5, null),
                Percent(row.MeanPerClass, row.MeanPerClassDeviation),
                row.Seconds.ToString("0.0", CultureInfo.InvariantCulture));
        }

        Consoles.Output().Write(table);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Train.Images:N0} training and {report.Test.Images:N0} test images of {report.Classes:N0} classes{Missing(report)}; shares in percent."));
        foreach (var note in report.Notes)
        {
            Console.WriteLine(note);
        }

        if (folder is not null)
        {
            Console.WriteLine($"Written to {folder}.");
        }
    }

    private static string Missing(ProbeReport report) => report.Train.Missing + report.Test.Missing == 0
        ? ""
        : string.Create(CultureInfo.InvariantCulture, $" ({report.Train.Missing:N0} and {report.Test.Missing:N0} left out)");

    private static string Percent(double value, double? deviation) => deviation is { } spread
        ? string.Create(CultureInfo.InvariantCulture, $"{value * 100:0.0} ± {spread * 100:0.0}")
        : (value * 100).ToString("0.0", CultureInfo.InvariantCulture);
}
