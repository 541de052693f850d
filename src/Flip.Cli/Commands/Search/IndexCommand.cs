using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Flip.Cli.Reporting;
using Flip.Conversion;
using Flip.Data;
using Flip.Data.Layouts;
using Flip.Devices;
using Flip.Evaluation.Embedding;
using Flip.Evaluation.Features;
using Flip.Search;
using Flip.Search.Building;
using Flip.Search.Vectors;

namespace Flip.Cli.Commands.Search;

/// <summary><c>flip index</c>: makes an index of images, or brings it to what they are now.</summary>
internal static class IndexCommand
{
    private const int MissingShown = 20;

    public static Command Create()
    {
        var model = ModelArgument.Create();
        var sources = new Argument<string[]>("images")
        {
            Description = "Images: folders, files, lists (.txt with one path a line, - for standard input), .tar shards. The index holds these and no others.",
            Arity = ArgumentArity.OneOrMore,
        };
        var folder = new Option<string>("--out") { Description = "Folder of the index.", Required = true };
        var format = new Option<VectorFormat>("--format") { Description = "Number format of the vectors: Fp32, Fp16 or Int8.", DefaultValueFactory = _ => VectorFormat.Fp32 };
        var none = new Option<bool>("--no-thumbnails") { Description = "Keep no small pictures." };
        var graph = new GraphSettings();
        var connectivity = new Option<int>("--connectivity") { Description = "Neighbours of a vector in the graph of a large index (HNSW's M).", DefaultValueFactory = _ => graph.Connectivity };
        var expansionAdd = new Option<int>("--expansion-add") { Description = "Candidates looked at when a vector is added (efConstruction).", DefaultValueFactory = _ => graph.ExpansionAdd };
        var expansionSearch = new Option<int>("--expansion-search") { Description = "Candidates looked at in a search (ef): more find more, and take longer.", DefaultValueFactory = _ => graph.ExpansionSearch };
        var json = new Option<bool>("--json") { Description = "Print what was done as JSON." };
        var mask = new MaskOptions();
        var settings = new ConfigOptions(ConfigOptions.Embed);
        var command = new Command(
            "index", "Make an index of images, to be searched by words or images. The same command again takes in what changed, and goes on after a stop.")
        {
            model, sources, folder, format, none, connectivity, expansionAdd, expansionSearch, DataOptions.AllowOutside, json, IndexExportCommand.Create(),
        };
        mask.AddTo(command);
        settings.AddTo(command);
        command.SetAction((result, cancellation) =>
        {
            var request = new Request(
                result.GetValue(model)!,
                result.GetValue(sources)!,
                result.GetValue(folder)!,
                result.GetValue(format),
                new GraphSettings(result.GetValue(connectivity), result.GetValue(expansionAdd), result.GetValue(expansionSearch)),
                result.GetValue(none) ? 0 : IndexSettings.DefaultThumbnailSide,
                result.GetValue(DataOptions.AllowOutside),
                mask.Choice(result),
                settings.Sets(result));
            Run(request, result.GetValue(json), cancellation);
            return Task.FromResult(0);
        });
        return command;
    }

    private static void Run(Request request, bool json, CancellationToken cancellation)
    {
        // What can be wrong is reported before the model is loaded.
        Check("--connectivity", request.Graph.Connectivity, GraphSettings.LeastConnectivity, GraphSettings.MostConnectivity);
        Check("--expansion-add", request.Graph.ExpansionAdd, GraphSettings.LeastExpansion, GraphSettings.MostExpansion);
        Check("--expansion-search", request.Graph.ExpansionSearch, GraphSettings.LeastExpansion, GraphSettings.MostExpansion);

        using var view = Consoles.Progress(json);
        var options = SourceProgress.Sources(view.Message, allowMissing: true, request.AllowOutside);
        IndexSource[] sources = [.. request.Sources.Select(source => new IndexSource(source, ImageSources.Open(source, options, cancellation)))];
        using var loaded = ModelSource.Load(request.Model, request.Settings, view.Message);
        Compute.UseThreads(loaded.Config.Train);
        var settings = new IndexSettings(
            loaded.Config.Model.EmbedDim, request.Format, request.Graph, request.ThumbnailSide, IndexedModel.Of(request.Model, loaded, request.Mask));
        var job = new IndexJob(request.Folder, loaded, settings) { Hashes = SourceProgress.Hashes(CacheFolder.Default, view.Message) };
        var outcome = job.Run(sources, view, cancellation);
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { Index = request.Folder, outcome.Changes, outcome.Embedded, outcome.Seconds, outcome.Missing }, JsonOutput.Options));
        }
        else
        {
            Print(request.Folder, outcome);
        }
    }

    private static void Check(string option, int value, int least, int most)
    {
        if (value < least || value > most)
        {
            throw new ConfigException($"{option} {value}: must be at least {least} and at most {most}.");
        }
    }

    private static void Print(string folder, IndexOutcome outcome)
    {
        foreach (var missing in outcome.Missing.Take(MissingShown))
        {
            Console.WriteLine($"Left out: {missing.Key}: {missing.Problem}");
        }

        if (outcome.Missing.Count > MissingShown)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"... and {outcome.Missing.Count - MissingShown:N0} more; --json lists all."));
        }

        var changes = outcome.Changes;
        var leftOut = outcome.Missing.Count > 0 ? string.Create(CultureInfo.InvariantCulture, $", {outcome.Missing.Count:N0} left out") : "";
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{changes.Images:N0} images in {folder}: {changes.Added:N0} added, {changes.Replaced:N0} replaced, {changes.Removed:N0} removed, {changes.Kept:N0} as they were{leftOut}. "
            + $"{outcome.Embedded:N0} were embedded, in {outcome.Seconds:0.0} s."));
    }

    /// <summary>What the command was asked for.</summary>
    private sealed record Request(
        string Model,
        IReadOnlyList<string> Sources,
        string Folder,
        VectorFormat Format,
        GraphSettings Graph,
        int ThumbnailSide,
        bool AllowOutside,
        MaskChoice Mask,
        IReadOnlyList<string> Settings);
}
