using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Flip.Tokenizers;

namespace Flip.Data.Shards;

/// <summary>
/// What the <c>.json</c> of a sample says about captions. It is read token by token and everything else in it is passed over unseen, so that no other
/// field costs a caption: not its length, depth or bytes, and not what stands behind the captions.
/// </summary>
internal sealed class JsonCaptions
{
    /// <summary>Texts of one list; the largest published have some hundreds (Visual Genome's regions).</summary>
    private const int MostTexts = 1 << 14;

    private static readonly JsonReaderOptions Options = new()
    {
        MaxDepth = int.MaxValue, // a bit each: the reader does not recurse
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    /// <summary>The texts of <c>captions</c>; null where it is missing or null.</summary>
    public IReadOnlyList<string>? Several { get; private set; }

    /// <summary>Whether <c>captions</c> has something else beside texts.</summary>
    public bool IsMixed { get; private set; }

    /// <summary>The text of <c>caption</c>; null where it is missing or null.</summary>
    public IReadOnlyList<string>? Single { get; private set; }

    /// <summary>What could not be read.</summary>
    public BadSampleException? Problem { get; private set; }

    /// <summary>Reads the captions; a field that is there twice counts as it is the last time.</summary>
    /// <param name="json">The file's bytes, which may be changed.</param>
    public static JsonCaptions Read(Memory<byte> json)
    {
        var captions = new JsonCaptions();
        captions.ReadObject(json, (ref Utf8JsonReader reader, string field) =>
        {
            switch (field)
            {
                case "captions":
                    (captions.Several, captions.IsMixed) = captions.Texts(ref reader, field);
                    break;
                case "caption":
                    captions.Single = captions.Texts(ref reader, field).Texts;
                    break;
                default:
                    reader.Skip();
                    break;
            }
        });
        return captions;
    }

    /// <summary>Reads the texts of some fields; those that are missing or null are left out.</summary>
    /// <param name="json">The file's bytes, which may be changed.</param>
    /// <param name="names">Names of the fields.</param>
    /// <exception cref="BadSampleException">None of them can be read.</exception>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> ReadFields(Memory<byte> json, IReadOnlyCollection<string> names)
    {
        var (found, captions) = (new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal), new JsonCaptions());
        captions.ReadObject(json, (ref Utf8JsonReader reader, string field) =>
        {
            if (!names.Contains(field))
            {
                reader.Skip();
            }
            else if (captions.Texts(ref reader, field).Texts is { } texts)
            {
                found[field] = texts;
            }
        });
        return found.Count > 0 || captions.Problem is null ? found : throw captions.Problem;
    }

    private delegate void FieldReader(ref Utf8JsonReader json, string field);

    private void ReadObject(Memory<byte> bytes, FieldReader read)
    {
        var utf8 = UserJson.Standard(bytes).Span;
        try
        {
            var json = new Utf8JsonReader(utf8, Options);
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
            {
                Problem = new BadSampleException("invalid json", "its .json is no object");
                return;
            }

            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var field = json.GetString()!;
                json.Read();
                read(ref json, field);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            Problem ??= utf8.Contains((byte)0)
                ? new BadSampleException(CaptionReader.EncodingCause, "its .json has zeros, as UTF-16 has, and no byte-order mark", e)
                : new BadSampleException("invalid json", $"its .json cannot be read: {e.Message}", e);
        }
    }

    private (IReadOnlyList<string>? Texts, bool IsMixed) Texts(ref Utf8JsonReader json, string field)
    {
        if (json.TokenType == JsonTokenType.Null)
        {
            return (null, false);
        }

        if (json.TokenType != JsonTokenType.StartArray)
        {
            var one = Text(ref json, field);
            Problem ??= one is null
                ? new BadSampleException("invalid json", $"'{field}' in its .json is neither a text nor a number, nor a list of them")
                : null;
            return (one is null ? null : CaptionReader.Kept([one]), false);
        }

        var (texts, isMixed) = (new List<string>(), false);
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (Text(ref json, field) is { } text)
            {
                texts.Add(texts.Count < MostTexts ? text : throw new JsonException(
                    FormattableString.Invariant($"'{field}' has more than {MostTexts:N0} texts, the most that a sample may have")));
            }
            else
            {
                isMixed = true;
            }
        }

        return (CaptionReader.Kept(texts), isMixed);
    }

    /// <summary>A text, or a number as it is written; null for all else, which is passed over.</summary>
    private string? Text(ref Utf8JsonReader json, string field)
    {
        if (json.TokenType == JsonTokenType.Number)
        {
            return Encoding.ASCII.GetString(json.ValueSpan);
        }

        if (json.TokenType != JsonTokenType.String)
        {
            json.Skip();
            return null;
        }

        try
        {
            var text = json.GetString()!;
            Problem ??= TokenizerLimits.Problem(text) is { } problem ? new BadSampleException("long caption", $"'{field}' in its .json: {problem}") : null;
            return text.Length <= TokenizerLimits.TextLength ? text : null;
        }
        catch (InvalidOperationException e)
        {
            Problem ??= Utf8.IsValid(json.ValueSpan)
                ? new BadSampleException("invalid json", $"'{field}' in its .json has half of a surrogate pair", e)
                : new BadSampleException(CaptionReader.EncodingCause, $"'{field}' in its .json is not UTF-8", e);
            return null;
        }
    }
}
