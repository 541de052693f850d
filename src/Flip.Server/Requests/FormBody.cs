using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Flip.Server.Requests;

/// <summary>A form: texts by name, and files. Nothing of it goes to a disk.</summary>
/// <param name="Texts">Texts of each field, in their order.</param>
/// <param name="Files">The files, whatever the names of their fields.</param>
internal sealed record FormBody(IReadOnlyDictionary<string, IReadOnlyList<string>> Texts, IReadOnlyList<ImageInput> Files)
{
    private const string NoForm = "The form cannot be read";
    private const int LongestBoundary = 70; // RFC 2046
    private const int MostHeaders = 8;
    private const int LongestHeaders = 4096;

    /// <summary>Reads a form.</summary>
    /// <exception cref="RequestException">It is none, or has more parts than may be.</exception>
    public static async Task<FormBody> ReadAsync(ReadOnlyMemory<byte> body, MediaTypeHeaderValue type, ServerLimits limits, CancellationToken cancellation)
    {
        var boundary = HeaderUtilities.RemoveQuotes(type.Boundary).Value;
        if (string.IsNullOrEmpty(boundary) || boundary.Length > LongestBoundary)
        {
            throw new RequestException(StatusCodes.Status400BadRequest, NoForm, "Content-Type", $"Expected a boundary of 1 to {LongestBoundary} characters.");
        }

        var (texts, files, count) = (new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal), new List<ImageInput>(), 0);
        using var stream = MemoryMarshal.TryGetArray(body, out var array)
            ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false)
            : new MemoryStream(body.ToArray(), writable: false);
        var reader = new MultipartReader(boundary, stream) { HeadersCountLimit = MostHeaders, HeadersLengthLimit = LongestHeaders, BodyLengthLimit = limits.BodyBytes };
        try
        {
            while (await reader.ReadNextSectionAsync(cancellation) is { } section)
            {
                if (++count > limits.Texts + limits.Images)
                {
                    throw new RequestException(StatusCodes.Status400BadRequest, NoForm, "#", $"There are more than {limits.Texts + limits.Images} parts.");
                }

                await AddAsync(section, texts, files, cancellation);
            }
        }
        catch (Exception e) when (e is IOException or InvalidDataException or DecoderFallbackException or ArgumentException)
        {
            throw new RequestException(StatusCodes.Status400BadRequest, NoForm, "#", "It does not end, or its parts are not as multipart/form-data has them.");
        }

        return new FormBody(texts, files);
    }

    /// <summary>The texts as an object: a field that is there once is a text, one that is there several times a list.</summary>
    public JsonDocument Document()
    {
        var fields = Texts.ToDictionary(field => field.Key, field => field.Value.Count == 1 ? (object)field.Value[0] : field.Value);
        return JsonDocument.Parse(JsonSerializer.SerializeToUtf8Bytes(fields));
    }

    private static async Task AddAsync(MultipartSection section, Dictionary<string, IReadOnlyList<string>> texts, List<ImageInput> files, CancellationToken cancellation)
    {
        if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition) || !disposition.DispositionType.Equals("form-data", StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidDataException("no form-data");
        }

        using var content = new MemoryStream();
        await section.Body.CopyToAsync(content, cancellation);
        if (disposition.IsFileDisposition())
        {
            files.Add(new ImageInput(FormattableString.Invariant($"file {files.Count + 1}"), content.GetBuffer().AsMemory(0, (int)content.Length)));
            return;
        }

        var name = HeaderUtilities.RemoveQuotes(disposition.Name).Value ?? "";
        var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(content.GetBuffer(), 0, (int)content.Length);
        texts[name] = texts.TryGetValue(name, out var before) ? [.. before, text] : [text];
    }
}
