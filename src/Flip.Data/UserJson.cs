using System.Text;
using System.Text.Json;
using Flip.Io;

namespace Flip.Data;

/// <summary>
/// JSON as people's programs write it. Python's has NaN, Infinity and -Infinity, which no parser of standard JSON takes; here they are empty lists,
/// which are no text, number or object to anybody. Marked UTF-16 is read, and comments and a comma behind the last item are passed over.
/// </summary>
public static class UserJson
{
    /// <summary>Bytes of a file that is held as a tree, which takes up to eight times as many.</summary>
    public const int MostTreeBytes = 1 << 28;

    /// <summary>Bytes of a file of a known form. COCO's captions have 92 MB, CLEVR's scenes and Karpathy's COCO a few hundred.</summary>
    public const int MostBytes = 1 << 29;

    private const int MaxDepth = 512;

    private static readonly JsonDocumentOptions Options = new()
    {
        MaxDepth = MaxDepth,
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    /// <summary>The same for a reader of tokens.</summary>
    internal static JsonReaderOptions ReaderOptions { get; } = new() { MaxDepth = MaxDepth, CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>Parses a text.</summary>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static JsonDocument Parse(string text) => JsonDocument.Parse(Standard(Encoding.UTF8.GetBytes(text)), Options);

    /// <summary>Parses a file.</summary>
    /// <exception cref="IOException">It cannot be read, or has more than <see cref="MostTreeBytes"/>.</exception>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static JsonDocument Read(string path) => JsonDocument.Parse(Standard(PlainFile.ReadAll(path, MostTreeBytes)), Options);

    /// <summary>Reads a file of a known form.</summary>
    /// <exception cref="IOException">It cannot be read, or has more than <see cref="MostBytes"/>.</exception>
    /// <exception cref="JsonException">It is no JSON, or of another form.</exception>
    public static T Read<T>(string path, JsonSerializerOptions? options = null) =>
        JsonSerializer.Deserialize<T>(Standard(PlainFile.ReadAll(path, MostBytes)).Span, options) ?? throw new JsonException("it is null");

    /// <summary>Standard JSON in UTF-8, without a mark. Python's numbers are overwritten in place.</summary>
    internal static ReadOnlyMemory<byte> Standard(Memory<byte> json)
    {
        var utf8 = TextFile.ToUtf8(json);
        ReplaceNonFinite(utf8.Span);
        return utf8;
    }

    /// <summary>Puts lists of the same length in the place of numbers that are not finite.</summary>
    private static void ReplaceNonFinite(Span<byte> json)
    {
        var at = 0;
        while (json[at..].IndexOfAny("\"NI"u8) is >= 0 and var found)
        {
            at += found;
            if (json[at] == '"')
            {
                at = EndOfString(json, at + 1);
                continue;
            }

            var word = json[at..].StartsWith("NaN"u8) ? 3 : json[at..].StartsWith("Infinity"u8) ? 8 : 0;
            var start = word > 0 && at > 0 && json[at - 1] == '-' ? at - 1 : at;
            at += Math.Max(word, 1);
            if (word > 0)
            {
                json[start..at].Fill((byte)' ');
                (json[start], json[at - 1]) = ((byte)'[', (byte)']');
            }
        }
    }

    /// <summary>The place behind the quote that ends a string.</summary>
    private static int EndOfString(ReadOnlySpan<byte> json, int at)
    {
        while (json[at..].IndexOfAny((byte)'"', (byte)'\\') is >= 0 and var found)
        {
            at += found;
            if (json[at] == '"')
            {
                return at + 1;
            }

            at = Math.Min(at + 2, json.Length);
        }

        return json.Length;
    }
}
