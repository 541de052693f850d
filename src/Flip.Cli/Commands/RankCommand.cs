using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Flip.Cli.Reporting;
using Flip.Conversion;
using Flip.Data;
using Flip.Data.Classes;
using Flip.Data.Layouts;
using Flip.Devices;
using Flip.Evaluation.Embedding;
using Flip.Evaluation.ZeroShot;
using Flip.Models;

namespace Flip.Cli.Commands;

/// <summary><c>flip rank</c>: which texts fit an image, which images fit a text.</summary>
internal static class RankCommand
{
    private const int MostShown = 100_000;

    private static readonly JsonSerializerOptions Json = new(JsonOutput.Options) { Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) } };

    public static Command Create()
    {
        var model = ModelArgument.Create();
        var images = new Option<string[]>("--images")
        {
            Description = "Images: files, folders, lists (.txt with one path a line, - for standard input), .tar shards.",
            Required = true,
            AllowMultipleArgumentsPerToken = true,
        };
        var texts = new Option<string[]>("--texts") { Description = "Texts, each in quotes.", AllowMultipleArgumentsPerToken = true };
        var textsFrom = QueryTexts.From();
        var templates = QueryTexts.Templates();
        var top = new Option<int>("--top") { Description = "Best ones shown for each, at least 1.", DefaultValueFactory = _ => 5 };
        var by = new Option<RankBy>("--by") { Description = "Image ranks texts for each image, Text ranks images for each text." };
        var missing = new Option<bool>("--allow-missing") { Description = "Leave out images that cannot be read and list them; by default they are an error." };
        var json = new Option<bool>("--json") { Description = "Print the ranking as JSON." };
        var mask = new MaskOptions();
        var settings = new ConfigOptions(ConfigOptions.Embed);
        var command = new Command("rank", "Rank texts for images, or images for texts, by cosine and probability.")
        {
            model, images, texts, textsFrom, templates, top, by, missing, DataOptions.AllowOutside, json,
        };
        mask.AddTo(command);
        settings.AddTo(command);
        command.SetAction((result, cancellation) =>
        {
            var request = new Request(
                result.GetValue(model)!,
                result.GetValue(images)!,
                result.GetValue(texts) ?? [],
                result.GetValue(textsFrom),
                QueryTexts.Load(result.GetValue(templates)),
                result.GetValue(top),
                result.GetValue(by),
                result.GetValue(missing),
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
        if (request.Top is < 1 or > MostShown)
        {
            throw new ConfigException($"--top {request.Top}: must be at least 1 and at most {MostShown}.");
        }

        using var view = Consoles.Progress(json: true); // standard output is for the ranking
        var texts = QueryTexts.Read(request.Texts, request.TextsFrom, SourceProgress.Sources(view.Message, allowOutside: request.AllowOutside), cancellation);
        if (texts.Count == 0)
        {
            throw new ConfigException("There are no texts to rank: name --texts or --texts-from.");
        }

        var options = SourceProgress.Sources(view.Message, request.AllowMissing, request.AllowOutside);
        var images = new RankedImages([.. request.Images.Select(source => (source, ImageSources.Open(source, options, cancellation)))]);
        using var loaded = ModelSource.Load(request.Model, request.Settings, view.Message);
        Compute.UseThreads(loaded.Config.Train);
        var tokenizer = loaded.Tokenizer; // one that is missing is reported before the images are embedded
        images.Encode(loaded, request.Mask, request.AllowMissing, view, cancellation);
        var encoder = new InferenceEncoder(loaded.Model);
        var classifier = ZeroShotClassifier.Build(
            encoder, tokenizer, ClassPrompts.OfTemplates(texts, request.Templates), loaded.BatchSize, cancellation: cancellation);
        var matches = new Matches(encoder.LogitScale(), encoder.LogitBias());
        var ranking = new Ranking(
            request.By,
            images.Keys,
            texts,
            matches.LogitBias is null,
            request.By == RankBy.Image
                ? matches.Rank(images.Vectors, classifier.Weights, classifier.EmbedDim, request.Top)
                : matches.Rank(classifier.Weights, images.Vectors, classifier.EmbedDim, request.Top));
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(
                new { request.By, matches.LogitScale, matches.LogitBias, Results = ranking.ToJson(), images.Missing }, Json));
        }
        else
        {
            ranking.Write(Consoles.Output());
            images.Missing.ForEach(missing => view.Message($"Left out: {missing.Key}: {missing.Problem}"));
        }
    }

    /// <summary>What the command was asked for.</summary>
    private sealed record Request(
        string Model,
        IReadOnlyList<string> Images,
        IReadOnlyList<string> Texts,
        string? TextsFrom,
        IReadOnlyList<string> Templates,
        int Top,
        RankBy By,
        bool AllowMissing,
        bool AllowOutside,
        MaskChoice Mask,
        IReadOnlyList<string> Settings);
}
