using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Flip.Server.Requests;

/// <summary>A request's fields and images, whichever way they were sent: JSON, a form (<c>multipart/form-data</c>), or an image alone with its fields in the address.</summary>
internal sealed class RequestInput : IDisposable
{
    private readonly RequestBody? _body;
    private readonly JsonDocument _document;
    private readonly ServerLimits _limits;
    private readonly bool _allowUrls;

    private RequestInput(RequestBody? body, JsonDocument document, bool isForm, IReadOnlyList<ImageInput> files, ServerLimits limits, bool allowUrls)
    {
        (_body, _document, Files, _limits, _allowUrls) = (body, document, files, limits, allowUrls);
        Fields = new RequestFields(document.RootElement, isForm);
    }

    /// <summary>The fields but images.</summary>
    public RequestFields Fields { get; }

    /// <summary>Images that were sent as they are.</summary>
    public IReadOnlyList<ImageInput> Files { get; }

    /// <summary>Reads a request.</summary>
    /// <exception cref="RequestException">It is of another type, or cannot be read.</exception>
    public static async Task<RequestInput> ReadAsync(HttpContext context, ServerState state, bool onlyJson = false)
    {
        var type = MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var parsed) ? parsed : null;
        var kind = type?.MediaType.Value?.ToLowerInvariant() ?? "";
        var isJson = kind == "application/json";
        var isForm = !onlyJson && kind == "multipart/form-data";
        var isImage = !onlyJson && (kind.StartsWith("image/", StringComparison.Ordinal) || kind == "application/octet-stream");
        if (!isJson && !isForm && !isImage)
        {
            throw new RequestException(
                StatusCodes.Status415UnsupportedMediaType,
                "The body is of another type",
                "Content-Type",
                onlyJson ? "Expected application/json." : "Expected application/json, multipart/form-data, or an image such as image/jpeg.");
        }

        if (isJson && type!.Charset.HasValue && !type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase))
        {
            throw new RequestException(StatusCodes.Status415UnsupportedMediaType, "The body is of another type", "Content-Type", "Expected UTF-8.");
        }

        var body = await RequestBody.ReadAsync(context, state.Limits, state.Memory);
        try
        {
            if (isJson)
            {
                return new RequestInput(body, JsonBody.Parse(body.Bytes, state.Limits), isForm: false, [], state.Limits, state.AllowUrls);
            }

            var form = isForm
                ? await FormBody.ReadAsync(body.Bytes, type!, state.Limits, context.RequestAborted)
                : new FormBody(
                    context.Request.Query.ToDictionary(field => field.Key, field => (IReadOnlyList<string>)[.. field.Value.Select(value => value ?? "")]),
                    [new ImageInput("#", body.Bytes)]);
            return new RequestInput(body, form.Document(), isForm: true, form.Files, state.Limits, state.AllowUrls);
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    /// <summary>Whether there is an image at all, usable or not.</summary>
    /// <param name="name">The field of a list of images.</param>
    /// <param name="single">The field of one image.</param>
    public bool HasImages(string name, string single = "image") => Files.Count > 0 || Fields.Value(single) is not null || Fields.Value(name) is not null;

    /// <summary>The images: files that were sent, then those of a field.</summary>
    /// <param name="name">The field of a list of images.</param>
    /// <param name="single">The field of one image; null where there is none.</param>
    public IReadOnlyList<ImageInput> Images(string name, string? single = "image")
    {
        var images = Files.ToList();
        if (single is not null && Fields.Value(single) is { } one && ImageInput.Of(one, RequestFields.Pointer(single), Fields, _allowUrls) is { } image)
        {
            images.Add(image);
        }

        if (Fields.Value(name) is { } list)
        {
            if (list.ValueKind != JsonValueKind.Array)
            {
                Fields.Add(RequestFields.Pointer(name), "Expected a list of images.");
                return [];
            }

            if (!Fields.IsCount(list.GetArrayLength(), _limits.Images, name, "images"))
            {
                return [];
            }

            images.AddRange(list.EnumerateArray().Index()
                .Select(item => ImageInput.Of(item.Item, RequestFields.Pointer(name, item.Index), Fields, _allowUrls)).OfType<ImageInput>());
        }

        if (Fields.Problems.Count == 0)
        {
            Fields.IsCount(images.Count, _limits.Images, name, "images");
        }

        return images;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _document.Dispose();
        _body?.Dispose();
    }
}
