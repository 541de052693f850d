using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Flip.Cli.Reporting;
using Flip.Collectives;
using Flip.Conversion;
using Flip.Conversion.Onnx;
using Flip.Data;
using Flip.Data.Layouts;
using Flip.Devices;
using Flip.Evaluation.Embedding;
using Flip.Evaluation.Features;
using Flip.Models;
using Flip.Progress;
using Flip.Storage;

namespace Flip.Cli.Commands;

/// <summary><c>flip embed</c>: the embeddings of images or texts as a file.</summary>
internal static class EmbedCommand
{
    private const int MissingShown = 20;

    /// <param name="ranks">The processes that share the work.</param>
    public static Command Create(CommandRanks ranks)
    {
        var model = ModelArgument.Create();
        var images = new Option<string?>("--images")
        {
            Description = "Images: a folder, an image, a list (.txt with one path a line, - for standard input), or .tar shards.",
        };
        var texts = new Option<string?>("--texts")
        {
            Description = "Texts: .txt with one a line, - for standard input, .jsonl, a .json list, or .tar shards (all captions).",
        };
        var file = new Option<string>("--out") { Description = "File to write: .safetensors (embeddings, keys) or .parquet (key, embedding, text).", Required = true };
        var overwrite = new Option<bool>("--overwrite") { Description = "Replace the file, and unfinished work that cannot be continued." };
        var missing = new Option<bool>("--allow-missing") { Description = "Leave out what cannot be read, count and list it; by default it is an error." };
        var json = new Option<bool>("--json") { Description = "Print what was done as JSON." };
        var mask = new MaskOptions();
        var settings = new ConfigOptions(ConfigOptions.Embed);
        var command = new Command(
            "embed", "Embed images or texts into a file. After a stop the same command goes on where it was, to the same bytes.")
        {
            model, images, texts, file, overwrite, missing, DataOptions.AllowOutside, json,
        };
        mask.AddTo(command);
        settings.AddTo(command);
        ranks.Share(command);
        command.SetAction((result, cancellation) =>
        {
            var request = new Request(
                result.GetValue(model)!,
                result.GetValue(images),
                result.GetValue(texts),
                result.GetValue(file)!,
                result.GetValue(overwrite),
                result.GetValue(missing),
                result.GetValue(DataOptions.AllowOutside),
                mask.Choice(result),
                settings.Sets(result));
            var done = Run(request, result.GetValue(json), ranks.All, cancellation);
            if (ranks.All.Rank > 0)
            {
                return Task.FromResult(0); // rank 0 tells of it
            }

            if (result.GetValue(json))
            {
                Console.WriteLine(JsonSerializer.Serialize(done, JsonOutput.Options));
            }
            else
            {
                Print(done);
            }

            return Task.FromResult(0);
        });
        return command;
    }

    private static Report Run(Request request, bool json, ICommunicator ranks, CancellationToken cancellation)
    {
        if (request is { Images: null, Texts: null } or { Images: not null, Texts: not null })
        {
            throw new ConfigException("Name what to embed: --images or --texts, one of them.");
        }

        if (ranks.World > 1 && (request.Images ?? request.Texts) == TextSources.StandardInput)
        {
            throw new ConfigException("-: of several ranks one alone has the standard input; write it to a file and name that.");
        }

        // Everything that can be wrong about files is reported before the model is loaded.
        FirstRank.Do(ranks, () => EmbeddingJob.Check(request.File, request.Overwrite));
        using var view = Consoles.Progress(json);
        var leftOut = new List<string>();
        var options = SourceProgress.Sources(view.Message, request.AllowMissing, request.AllowOutside) with
        {
            Say = line =>
            {
                leftOut.Add(line);
                view.Message(line);
            },
        };
        var images = request.Images is { } source ? ImageSources.Open(source, options, cancellation) : null;
        var texts = request.Texts is { } list ? TextSources.Open(list, options, cancellation) : null;
        using var loaded = ModelSource.Load(request.Model, request.Settings, view.Message);
        Compute.UseThreads(loaded.Config.Train);
        var items = SharedItems.Of(
            images is not null
                ? ItemEncoders.Images(loaded, request.Mask, images, request.AllowMissing)
                : ItemEncoders.Texts(loaded, texts!, request.AllowMissing, cancellation),
            ranks);
        var meter = new ItemMeter(view, "embed", items.Kind, items.Count);
        try
        {
            var hashes = SourceProgress.Hashes(CacheFolder.Default, view.Message);
            var manifest = ItemEncoders.Manifest(loaded, WeightFile.Hash(loaded.Model.Parameters), request.Mask, items, hashes, cancellation);
            if (images is not null && !request.Mask.IsMasked && loaded.Encoder is OnnxEncoder)
            {
                manifest.Settings["runtime"] = "onnx"; // other rounding: what libtorch began is not continued
            }

            var embedded = new EmbeddingJob(request.File, ranks: ranks).Run(items, manifest, request.Overwrite, request.AllowMissing, meter.Report, cancellation);
            return new Report(
                request.File,
                items.Kind,
                embedded.Embedded,
                items.EmbedDim,
                embedded.Resumed,
                embedded.Seconds,
                embedded.Seconds > 0 ? (items.Count - embedded.Resumed) / embedded.Seconds : 0,
                embedded.Missing,
                leftOut);
        }
        catch (Exception e) when (e is OperationCanceledException or EvaluationDataException)
        {
            var hint = e is EvaluationDataException ? "; --allow-missing leaves out what cannot be read" : "";
            view.Message(string.Create(
                CultureInfo.InvariantCulture,
                $"{meter.Done:N0} of {items.Count:N0} {items.Kind} are done, and the same command goes on from there{hint}."));
            throw;
        }
    }

    private static void Print(Report report)
    {
        foreach (var missing in report.Missing.Take(MissingShown))
        {
            Console.WriteLine($"Left out: {missing.Key}: {missing.Problem}");
        }

        if (report.Missing.Count > MissingShown)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"... and {report.Missing.Count - MissingShown:N0} more; --json lists all."));
        }

        var leftOut = report.Missing.Count > 0 ? string.Create(CultureInfo.InvariantCulture, $", {report.Missing.Count:N0} left out") : "";
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Count:N0} {report.Kind} in {report.File}, {report.EmbedDim} numbers each{leftOut}; {report.PerSecond:#,0.#} {report.Kind}/s."));
    }

    /// <summary>What the command was asked for.</summary>
    private sealed record Request(
        string Model,
        string? Images,
        string? Texts,
        string File,
        bool Overwrite,
        bool AllowMissing,
        bool AllowOutside,
        MaskChoice Mask,
        IReadOnlyList<string> Settings);

    /// <summary>What was done, as <c>--json</c> has it.</summary>
    private sealed record Report(
        string File,
        string Kind,
        long Count,
        int EmbedDim,
        long Resumed,
        double Seconds,
        double PerSecond,
        IReadOnlyList<MissingItem> Missing,
        IReadOnlyList<string> Damage);
}
