using System.ComponentModel;
using System.Text.Json;
using Flip.Server.Requests;
using Flip.Serving;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Flip.Server.Endpoints;

/// <summary>A request of embeddings, as OpenAI's clients send it.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Input">A text; an image as a data URI; an object with <c>text</c> or <c>image</c>; or a list of these.</param>
/// <param name="EncodingFormat"><c>float</c> or <c>base64</c>.</param>
/// <param name="Dimensions">The model's own width, or absent.</param>
/// <param name="User">Is not used.</param>
internal sealed record EmbeddingRequest(
    [property: Description("The model's name.")] string Model,
    [property: Description("A text, an image as a data URI, an object with 'text' or 'image', or a list of these.")] JsonElement Input,
    [property: Description("float (default) or base64.")] string? EncodingFormat = null,
    [property: Description("The model's own width; embeddings are not cut.")] int? Dimensions = null,
    [property: Description("Is not used.")] string? User = null);

/// <summary>Embeddings of texts and images.</summary>
internal sealed class EmbeddingEndpoints(ServerState state) : IServerFeature
{
    private const string Input = "input";
    private static readonly string[] Formats = ["float", "base64"];

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/embeddings", (Delegate)EmbedAsync).Accepts<EmbeddingRequest>("application/json").Produces<EmbeddingList>()
            .WithSummary("Embeddings of texts and images, as OpenAI's clients ask for them.");
        routes.MapImages<ImagesRequest, EmbeddingList>("/embeddings_image", EmbedImagesAsync, "Embeddings of images that are sent as they are, or in a form.");
    }

    private async Task<IResult> EmbedAsync(HttpContext context)
    {
        state.Require(Abilities.Embeddings);
        using var input = await RequestInput.ReadAsync(context, state, onlyJson: true);
        var fields = input.Fields;
        var (texts, images) = ReadInput(fields);
        var isBase64 = IsBase64(fields);
        state.CheckModel(fields, isRequired: true);
        _ = fields.Text("user", state.Limits.TextLength);
        fields.End();

        var bytes = await state.BytesAsync([.. images.Select(image => image.Image)], context);
        var ofTexts = texts.Count == 0 ? null : state.Engine.EmbedTextsAsync([.. texts.Select(text => text.Text)], context.RequestAborted);
        var vectors = new float[texts.Count + images.Count][];
        if (images.Count > 0)
        {
            IReadOnlyList<float[]> found;
            try
            {
                found = await ServerState.WithImagesAsync(
                    [.. images.Select(image => image.Image)], () => state.Engine.EmbedImagesAsync(bytes, context.RequestAborted));
            }
            catch when (ofTexts is not null)
            {
                await ((Task)ofTexts).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // its failure, if any, is the same or the lesser one
                throw;
            }

            Put(found, [.. images.Select(image => image.Place)]);
        }

        var tokens = 0L;
        if (ofTexts is not null)
        {
            var found = await ofTexts;
            tokens = found.Tokens;
            Put(found.Vectors, [.. texts.Select(text => text.Place)]);
        }

        return JsonAnswer.Of(EmbeddingList.Of(vectors, state.Engine.Model.Name, tokens, isBase64));

        void Put(IReadOnlyList<float[]> found, IReadOnlyList<int> places)
        {
            for (var i = 0; i < found.Count; i++)
            {
                vectors[places[i]] = found[i];
            }
        }
    }

    private async Task<IResult> EmbedImagesAsync(HttpContext context)
    {
        state.Require(Abilities.Embeddings);
        using var input = await RequestInput.ReadAsync(context, state);
        var images = input.Images("images");
        var isBase64 = IsBase64(input.Fields);
        state.CheckModel(input.Fields, isRequired: false);
        input.Fields.End();
        var vectors = await state.OfImagesAsync(images, context, bytes => state.Engine.EmbedImagesAsync(bytes, context.RequestAborted));
        return JsonAnswer.Of(EmbeddingList.Of(vectors, state.Engine.Model.Name, 0, isBase64));
    }

    private bool IsBase64(RequestFields fields)
    {
        var dim = state.Engine.Model.Encoder!.EmbedDim;
        if (fields.Value("dimensions") is { } dimensions && !(dimensions.ValueKind == JsonValueKind.Number && dimensions.TryGetInt32(out var asked) && asked == dim))
        {
            fields.Add("#/dimensions", FormattableString.Invariant($"The model's embeddings have {dim} numbers and are not cut: leave it out, or ask for {dim}."));
        }

        return fields.Choice("encoding_format", Formats, "float") == "base64";
    }

    private (List<(int Place, string Text)> Texts, List<(int Place, ImageInput Image)> Images) ReadInput(RequestFields fields)
    {
        var (texts, images) = (new List<(int, string)>(), new List<(int, ImageInput)>());
        if (fields.Value(Input) is not { } input)
        {
            fields.Add("#/input", "Expected a text, an image, or a list of them.");
        }
        else if (input.ValueKind != JsonValueKind.Array)
        {
            Add(input, "#/input", 0);
        }
        else if (input.GetArrayLength() > 0 && input[0].ValueKind is JsonValueKind.Number or JsonValueKind.Array)
        {
            fields.Add("#/input/0", "Token ids are not taken, since they are another vocabulary's: send the text.");
        }
        else if (fields.IsCount(input.GetArrayLength(), state.Limits.Texts + state.Limits.Images, Input, "inputs"))
        {
            foreach (var (place, item) in input.EnumerateArray().Index())
            {
                Add(item, RequestFields.Pointer(Input, place), place);
            }
        }

        CheckCount(texts.Count, state.Limits.Texts, "texts");
        CheckCount(images.Count, state.Limits.Images, "images");
        return (texts, images);

        void Add(JsonElement item, string pointer, int place)
        {
            var isObject = item.ValueKind == JsonValueKind.Object;
            if (isObject && item.TryGetProperty("text", out var text))
            {
                if (item.EnumerateObject().Count() > 1)
                {
                    fields.Add(pointer, "Expected 'text' or 'image', one of them alone.");
                    return;
                }

                (item, pointer, isObject) = (text, pointer + "/text", false);
            }
            else if (isObject || ImageInput.IsDataUri(item))
            {
                if (ImageInput.Of(item, pointer, fields, state.AllowUrls) is { } image)
                {
                    images.Add((place, image));
                }

                return;
            }

            if (fields.TextOf(item, pointer, state.Limits.TextLength) is { } found)
            {
                texts.Add((place, found));
            }
        }

        void CheckCount(int count, int most, string what)
        {
            if (count > most)
            {
                fields.Add("#/input", FormattableString.Invariant($"There are at most {most:N0} {what} in a request, and here {count:N0}."));
            }
        }
    }
}
