using System.Diagnostics;
using Flip.Server.Models;
using Flip.Server.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Flip.Server.Endpoints;

/// <summary>Models as OpenAI's clients read them.</summary>
/// <param name="Object">Always <c>list</c>.</param>
/// <param name="Data">The models.</param>
internal sealed record OpenAiModels(string Object, IReadOnlyList<OpenAiModel> Data);

/// <summary>A model as OpenAI's clients read it.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Object">Always <c>model</c>.</param>
/// <param name="Created">When the server began, seconds since 1970.</param>
/// <param name="OwnedBy">Always <c>flip</c>.</param>
internal sealed record OpenAiModel(string Id, string Object, long Created, string OwnedBy);

/// <summary>What is served.</summary>
/// <param name="Models">One model.</param>
internal sealed record ModelsAnswer(IReadOnlyList<ModelAnswer> Models);

/// <summary>A model that is served.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Abilities">What it can do: embeddings, classes, captions, answers, search.</param>
/// <param name="EmbedDim">Numbers of an embedding; absent without embeddings.</param>
/// <param name="ImageSize">Height and width that images are brought to, pixels.</param>
/// <param name="TextLength">Tokens that are read of a text, markers included; absent where it reads none.</param>
/// <param name="BatchSize">Items computed at a time.</param>
/// <param name="Classes">Classes of its own; absent without.</param>
internal sealed record ModelAnswer(
    string Name, IReadOnlyList<string> Abilities, int? EmbedDim, int ImageSize, int? TextLength, int BatchSize, IReadOnlyList<string>? Classes);

/// <summary>What is served, and whether it is ready.</summary>
internal sealed class ModelEndpoints(ServerState state, ServedIndex? index, bool hasPage) : IServerFeature
{
    private const string Title = "flip: a CLIP model over HTTP. /openapi/v1.json describes what can be asked, /models what is served.\n";

    private const string Search = "search";

    private readonly long _began = new DateTimeOffset(Process.GetCurrentProcess().StartTime.ToUniversalTime()).ToUnixTimeSeconds();

    public void Map(IEndpointRouteBuilder routes)
    {
        var model = state.Engine.Model;
        var openAi = new OpenAiModel(model.Name, "model", _began, "flip");
        if (!hasPage)
        {
            routes.MapGet("/", () => Results.Text(Title)).ExcludeFromDescription();
        }

        routes.MapGet("/models", () => JsonAnswer.Of(new ModelsAnswer([Describe()]))).Produces<ModelsAnswer>().WithSummary("What is served.");
        routes.MapGet("/v1/models", () => JsonAnswer.Of(new OpenAiModels("list", [openAi]))).Produces<OpenAiModels>().WithSummary("What is served, as OpenAI's clients ask for it.");
        routes.MapGet("/v1/models/{name}", (string name) => name == model.Name ? JsonAnswer.Of(openAi) : throw NoModel(name)).Produces<OpenAiModel>()
            .WithSummary("One model, as OpenAI's clients ask for it.");
        routes.MapGet("/health/live", () => Results.Text("live\n")).WithSummary("Whether the server answers.");
        routes.MapGet("/health/ready", () => state.Engine.IsReady ? Results.Text("ready\n") : throw NotReady()).WithSummary("Whether it takes requests: 503 before the model is warm, and while the server ends.");
    }

    private RequestException NotReady() => new(
        StatusCodes.Status503ServiceUnavailable, "The server is not ready", [], state.Engine.IsEnding ? "The server is ending." : "The model is not warm yet.")
    {
        RetryAfter = TimeSpan.FromSeconds(1),
    };

    private RequestException NoModel(string name) => new(
        StatusCodes.Status404NotFound, "There is no such model", [], $"This server has '{state.Engine.Model.Name}' alone, and no '{(name.Length > 100 ? name[..100] : name)}'.");

    private ModelAnswer Describe()
    {
        var model = state.Engine.Model;
        return new ModelAnswer(
            model.Name,
            index is null ? model.Abilities : [.. model.Abilities, Search],
            model.Encoder?.EmbedDim,
            model.Config.Model.Image.ImageSize,
            model.Encoder?.TextLength ?? (model.Answers is null ? null : model.Config.Model.Text.Length),
            state.Engine.BatchSize,
            model.Classifier?.ClassNames);
    }
}
