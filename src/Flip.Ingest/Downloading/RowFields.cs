using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Flip.Ingest.Downloading;

/// <summary>The fields of a row, with the names and in the order of img2dataset's: columns of the list that are kept, caption and address, then what became of it.</summary>
internal static class RowFields
{
    public const string Url = "url";
    public const string Caption = "caption";

    /// <summary>Fields that say what became of a row.</summary>
    public static IReadOnlyList<string> Own { get; } =
        ["key", "status", "error_message", "width", "height", "original_width", "original_height", "exif", "sha256"];

    // Captions stay readable; the file is never a page.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The fields as JSON, a sample's <c>.json</c>.</summary>
    public static byte[] ToJson(IUrlList list, UrlRow row, string key, RowOutcome outcome)
    {
        var json = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(json, Options))
        {
            writer.WriteStartObject();
            for (var i = 0; i < list.SavedColumns.Count; i++)
            {
                writer.WritePropertyName(list.SavedColumns[i]);
                Write(writer, row.Saved[i]);
            }

            if (list.HasCaptions)
            {
                writer.WriteString(Caption, row.Caption);
            }

            writer.WriteString(Url, row.Url);
            writer.WriteString("key", key);
            writer.WriteString("status", outcome.Status);
            writer.WriteString("error_message", outcome.Error);
            WriteNumber(writer, "width", outcome.Width);
            WriteNumber(writer, "height", outcome.Height);
            WriteNumber(writer, "original_width", outcome.OriginalWidth);
            WriteNumber(writer, "original_height", outcome.OriginalHeight);
            writer.WriteString("exif", outcome.Exif);
            writer.WriteString("sha256", outcome.Sha256);
            writer.WriteEndObject();
        }

        return json.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter writer, JsonElement? value)
    {
        if (value is { } given)
        {
            given.WriteTo(writer);
        }
        else
        {
            writer.WriteNullValue();
        }
    }

    private static void WriteNumber(Utf8JsonWriter writer, string name, int? value)
    {
        if (value is { } number)
        {
            writer.WriteNumber(name, number);
        }
        else
        {
            writer.WriteNull(name);
        }
    }
}
