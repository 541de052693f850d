using System.CommandLine;
using System.Text.Json;
using Flip.Cli.Reporting;
using Flip.Data;
using Flip.Data.Layouts;
using Flip.Io;
using Flip.Search;
using Flip.Search.Queries;

namespace Flip.Cli.Commands.Search;

/// <summary><c>flip search</c>: images of an index by words, or like an image.</summary>
internal static class SearchCommand
{
    private const int MostShown = 10_000;
    private const int MostSamples = 1_000_000;

    public static Command Create()
    {
        var index = new Argument<string>("index") { Description = "Folder of the index (flip index makes it)." };
        var texts = new Argument<string[]>("texts") { Description = "What to look for, each text in quotes.", Arity = ArgumentArity.ZeroOrMore };
        var images = new Option<string[]>("--image") { Description = "Look for images like these: files, folders, lists, .tar shards.", AllowMultipleArgumentsPerToken = true };
        var from = QueryTexts.From();
        var templates = QueryTexts.Templates();
        var top = new Option<int>("--top") { Description = "Images shown for each, at least 1.", DefaultValueFactory = _ => 10 };
        var exact = new Option<bool>("--exact") { Description = "Compare every vector, where a large index follows its graph." };
        var recall = new Option<bool>("--recall") { Description = "Measure how many of the true nearest neighbours a search of this index finds, by vectors of its own." };
        var samples = new Option<int>("--samples") { Description = "Vectors that --recall looks for, at least 1.", DefaultValueFactory = _ => IndexRecall.DefaultSamples };
        var model = new Option<string?>("--model") { Description = "Where the index's model lies now, if not where it was." };
        var json = new Option<bool>("--json") { Description = "Print what is found as JSON." };
        var html = new Option<string?>("--html") { Description = "Also write a page with the thumbnails to this file." };
        var settings = new ConfigOptions(ConfigOptions.Use);
        var command = new Command("search", "Find images of an index by words, or like an image.")
        {
            index, texts, images, from, templates, top, exact, recall, samples, model, DataOptions.AllowOutside, json, html,
        };
        settings.AddTo(command);
        command.SetAction((result, cancellation) =>
        {
            var request = new Request(
                result.GetValue(index)!,
                result.GetValue(texts) ?? [],
                result.GetValue(from),
                result.GetValue(images) ?? [],
                QueryTexts.Load(result.GetValue(templates)),
                result.GetValue(top),
                result.GetValue(exact),
                result.GetValue(recall),
                result.GetValue(samples),
                result.GetValue(model),
                result.GetValue(DataOptions.AllowOutside),
                result.GetValue(html),
                settings.Sets(result));
            Check(request);
            if (request.Recall)
            {
                Measure(request, result.GetValue(json), cancellation);
            }
            else
            {
                Run(request, result.GetValue(json), cancellation);
            }

            return Task.FromResult(0);
        });
        return command;
    }

    private static void Check(Request request)
    {
        if (request.Top is < 1 or > MostShown)
        {
            throw new ConfigException($"--top {request.Top}: must be at least 1 and at most {MostShown}.");
        }

        if (request.Samples is < 1 or > MostSamples)
        {
            throw new ConfigException($"--samples {request.Samples}: must be at least 1 and at most {MostSamples}.");
        }

        var hasQueries = request.Texts.Count > 0 || request.TextsFrom is not null || request.Images.Count > 0;
        if (request.Recall == hasQueries)
        {
            throw new ConfigException(request.Recall ? "--recall takes no texts or images: it looks for vectors of the index." : "There is nothing to look for: name a text, --texts-from or --image.");
        }

        if (request.Html is { } html)
        {
            OutputPlace.CheckFile(html, "--html");
        }
    }

    private static void Measure(Request request, bool json, CancellationToken cancellation)
    {
        using var index = ImageIndex.Open(request.Index);
        var recall = index.Recall(request.Samples, request.Top, cancellation);
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(recall, JsonOutput.Options));
        }
        else
        {
            SearchText.Write(recall);
        }
    }

    private static void Run(Request request, bool json, CancellationToken cancellation)
    {
        using var view = Consoles.Progress(json: true); // standard output is for what is found
        var texts = QueryTexts.Read(request.Texts, request.TextsFrom, SourceProgress.Sources(view.Message, allowOutside: request.AllowOutside), cancellation);
        using var index = ImageIndex.Open(request.Index);
        using var encoder = QueryEncoder.Open(index.Description, request.Model, request.Settings, view.Message);
        var results = new List<SearchResult>();
        if (texts.Count > 0)
        {
            var queries = encoder.OfTexts(texts, request.Templates, cancellation);
            results.AddRange(texts.Select((text, i) => new SearchResult(
                text, false, index.Search(queries.AsSpan(i * encoder.EmbedDim, encoder.EmbedDim), request.Top, request.Exact))));
        }

        foreach (var (name, vector) in Images(request, encoder, view.Message, cancellation))
        {
            results.Add(new SearchResult(name, true, index.Search(vector, request.Top, request.Exact)));
        }

        if (request.Html is { } html)
        {
            SearchPage.Write(html, index, results);
        }

        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { Results = SearchText.ToJson(results) }, JsonOutput.Options));
        }
        else
        {
            SearchText.Write(Consoles.Output(), results);
        }
    }

    private static IEnumerable<(string Name, float[] Vector)> Images(Request request, QueryEncoder encoder, Action<string> say, CancellationToken cancellation)
    {
        foreach (var source in request.Images)
        {
            var images = ImageSources.Open(source, SourceProgress.Sources(say, allowOutside: request.AllowOutside), cancellation);
            using var reader = images.Open();
            foreach (var (image, key) in images.Keys().Index())
            {
                cancellation.ThrowIfCancellationRequested();
                float[] vector;
                try
                {
                    using var bytes = reader.Read(image);
                    vector = encoder.OfImage(bytes.Span);
                }
                catch (BadSampleException e)
                {
                    throw new EvaluationDataException($"The image {images.Describe(image)} cannot be used: {e.Message}", e);
                }

                yield return (key, vector);
            }
        }
    }

    /// <summary>What the command was asked for.</summary>
    private sealed record Request(
        string Index,
        IReadOnlyList<string> Texts,
        string? TextsFrom,
        IReadOnlyList<string> Images,
        IReadOnlyList<string> Templates,
        int Top,
        bool Exact,
        bool Recall,
        int Samples,
        string? Model,
        bool AllowOutside,
        string? Html,
        IReadOnlyList<string> Settings);
}
