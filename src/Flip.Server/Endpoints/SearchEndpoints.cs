using System.Globalization;
using Flip.Search;
using Flip.Server.Models;
using Flip.Server.Requests;
using Flip.Serving;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Flip.Server.Endpoints;

/// <summary>An image that was found.</summary>
/// <param name="Key">Its key in the index.</param>
/// <param name="Cosine">Cosine of its embedding and the query's.</param>
/// <param name="Thumbnail">Path of its thumbnail on this server; absent where the index has none.</param>
internal sealed record SearchItem(string Key, double Cosine, string? Thumbnail);

/// <summary>What was found.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Images">Images of the index.</param>
/// <param name="Results">The best first.</param>
internal sealed record SearchAnswer(string Model, long Images, IReadOnlyList<SearchItem> Results);

/// <summary>Images of an index by words, like an image, or like one of its own.</summary>
internal sealed class SearchEndpoints(ServerState state, ServedIndex index) : IServerFeature
{
    private const int DefaultTop = 10;
    private const int MostTop = 1000;
    private const int LongestKey = 4096;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapImages<SearchRequest, SearchAnswer>("/search", SearchAsync, "Images of the index: by a text, like an image, or like one of its own.");
        routes.MapGet("/thumbnails/{content:long}", Thumbnail).Produces(StatusCodes.Status200OK, contentType: "image/jpeg").WithSummary("A thumbnail, as answers of /search name it.");
    }

    private async Task<IResult> SearchAsync(HttpContext context)
    {
        using var input = await RequestInput.ReadAsync(context, state);
        var fields = input.Fields;
        var images = input.HasImages("images") ? input.Images("images") : [];
        var (text, like) = (fields.Text("text", state.Limits.TextLength), fields.Text("like", LongestKey));
        var top = fields.Number("top", 1, MostTop, DefaultTop);
        state.CheckModel(fields, isRequired: false);
        if (fields.Problems.Count == 0 && images.Count + (text is null ? 0 : 1) + (like is null ? 0 : 1) != 1)
        {
            fields.Add("#", "Expected one of text, image and like (the key of an image of the index).");
        }

        fields.End();
        var query = text is not null ? (await state.Engine.EmbedTextsAsync([text], context.RequestAborted)).Vectors[0]
            : like is not null ? (index.Find(like) ?? throw NoImage()).Vector
            : await OfImageAsync(images, context);
        var found = await Task.Run(() => index.Search(query, top), context.RequestAborted);
        return JsonAnswer.Of(new SearchAnswer(state.Engine.Model.Name, index.Images, [.. found.Select(Item)]));
    }

    private async Task<float[]> OfImageAsync(IReadOnlyList<ImageInput> images, HttpContext context)
    {
        return (await state.OfImagesAsync(images, context, bytes => state.Engine.EmbedImagesAsync(bytes, context.RequestAborted)))[0];
    }

    private IResult Thumbnail(long content, HttpContext context)
    {
        var jpeg = index.Thumbnail(content) ?? throw new RequestException(StatusCodes.Status404NotFound, "There is no such thumbnail", [], "The index has no thumbnail of this number.");
        context.Response.Headers.CacheControl = "private, max-age=300";
        return Results.Bytes(jpeg, "image/jpeg");
    }

    private SearchItem Item(FoundImage found) =>
        new(found.Key, found.Cosine, index.HasThumbnails ? string.Create(CultureInfo.InvariantCulture, $"/thumbnails/{found.Content}") : null);

    private static RequestException NoImage() => new(StatusCodes.Status404NotFound, "There is no such image", "#/like", "The index has no image of this key.");
}
