using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Flip.Server.Requests;

/// <summary>An image of a request: its bytes, or an address where they are.</summary>
/// <param name="Pointer">Where it stands in the request.</param>
/// <param name="Bytes">The file's bytes; empty where they are to be fetched.</param>
/// <param name="Url">The address, or null.</param>
internal sealed record ImageInput(string Pointer, ReadOnlyMemory<byte> Bytes, string? Url = null)
{
    private const string Form = "Expected an image as a data URI, such as data:image/jpeg;base64,...";

    /// <summary>Whether a text is meant as an image.</summary>
    public static bool IsDataUri(JsonElement value) => value.ValueKind == JsonValueKind.String && Raw(value).StartsWith("data:"u8);

    /// <summary>An image of JSON: a data URI, an address where that is allowed, or an object with one of them as its <c>image</c>.</summary>
    /// <param name="value">The value.</param>
    /// <param name="pointer">Its place.</param>
    /// <param name="fields">Notes what is wrong.</param>
    /// <param name="allowUrls">Whether addresses are fetched.</param>
    /// <returns>Null where it is none, which is noted.</returns>
    public static ImageInput? Of(JsonElement value, string pointer, RequestFields fields, bool allowUrls)
    {
        if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (var other in value.EnumerateObject().Where(other => other.Name != "image").Take(1))
            {
                fields.Add(pointer, $"Unknown field '{(other.Name.Length > 100 ? other.Name[..100] : other.Name)}'; an image is an object with 'image' alone.");
                return null;
            }

            if (!value.TryGetProperty("image", out var inner) || inner.ValueKind != JsonValueKind.String)
            {
                fields.Add(pointer + "/image", Form);
                return null;
            }

            return Of(inner, pointer + "/image", fields, allowUrls);
        }

        if (value.ValueKind != JsonValueKind.String)
        {
            fields.Add(pointer, Form);
            return null;
        }

        var raw = Raw(value);
        if (raw.StartsWith("http://"u8) || raw.StartsWith("https://"u8) || raw.StartsWith("http:\\/\\/"u8) || raw.StartsWith("https:\\/\\/"u8))
        {
            if (allowUrls)
            {
                return new ImageInput(pointer, default, value.GetString());
            }

            fields.Add(pointer, "Addresses are not fetched by this server (flip serve --allow-urls would): send a data URI.");
            return null;
        }

        return OfDataUri(raw.Contains((byte)'\\') ? System.Text.Encoding.UTF8.GetBytes(value.GetString()!) : raw, pointer, fields);
    }

    private static ImageInput? OfDataUri(ReadOnlySpan<byte> uri, string pointer, RequestFields fields)
    {
        var comma = uri[..Math.Min(uri.Length, 256)].IndexOf((byte)',');
        if (comma < 0 || !uri.StartsWith("data:image/"u8) || !uri[..comma].EndsWith(";base64"u8))
        {
            fields.Add(pointer, Form);
            return null;
        }

        var text = uri[(comma + 1)..];
        var bytes = GC.AllocateUninitializedArray<byte>(Base64.GetMaxDecodedFromUtf8Length(text.Length));
        if (text.Length > 0 && Base64.DecodeFromUtf8(text, bytes, out _, out var length) == System.Buffers.OperationStatus.Done)
        {
            return new ImageInput(pointer, bytes.AsMemory(0, length));
        }

        fields.Add(pointer, "What follows the comma is no Base64.");
        return null;
    }

    /// <summary>A JSON text as it was written, without its quotes.</summary>
    private static ReadOnlySpan<byte> Raw(JsonElement text) => JsonMarshal.GetRawUtf8Value(text)[1..^1];
}
