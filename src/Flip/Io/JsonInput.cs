using System.Text;
using System.Text.Json;

namespace Flip.Io;

/// <summary>
/// JSON that a stranger may have written, checked before it is parsed: its length, its nesting, keys that are there twice, numbers that no number
/// holds (1e999), bytes that are no UTF-8 and halves of surrogate pairs, at which parsers fail in ways of their own and late. What has passed can
/// be given to any reader of the framework.
/// </summary>
public static class JsonInput
{
    /// <summary>Bytes of a description, such as a configuration: published ones with names of 21 thousand classes have one million.</summary>
    public const int MaxDescription = 1 << 22;

    /// <summary>Bytes of a table, such as an index of tensors or a report: the largest published index has 15 million.</summary>
    public const int MaxTable = 1 << 25;

    /// <summary>Objects and lists within one another.</summary>
    public const int MaxDepth = 64;

    private const int ShownCharacters = 40;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = MaxDepth };

    /// <summary>A file of JSON in UTF-8 without a mark, checked.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxLength">Bytes that it may have.</param>
    /// <param name="options">Whether comments and a comma behind the last item are passed over; neither without.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="JsonException">It is no JSON that is read; the message has the place.</exception>
    public static ReadOnlyMemory<byte> Read(string path, int maxLength = MaxDescription, JsonDocumentOptions? options = null)
    {
        var json = TextFile.ToUtf8(ReadBytes(path, maxLength));
        Check(json.Span, options ?? Strict);
        return json;
    }

    /// <summary>A file of JSON as text, not checked yet.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="InvalidDataException">It is longer than a description may be, or no text.</exception>
    public static string ReadText(string path)
    {
        try
        {
            var text = TextFile.Decode(ReadBytes(path, MaxDescription));
            return TextFile.IsBroken(text) ? throw new InvalidDataException($"'{path}' {TextFile.Problem}.") : text;
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"'{path}': {e.Message}", e);
        }
    }

    /// <summary>The same text, checked.</summary>
    /// <exception cref="JsonException">It is no JSON that is read; the message has the place.</exception>
    public static string Checked(string json, int maxLength = MaxDescription, JsonDocumentOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(json);
        var bytes = json.Length > maxLength ? throw TooLong(json.Length, maxLength) : Encoding.UTF8.GetBytes(json);
        Check(bytes, options ?? Strict);
        return json;
    }

    /// <summary>Checks UTF-8 without a mark.</summary>
    /// <exception cref="JsonException">It is no JSON that is read; the message has the place.</exception>
    public static void Check(ReadOnlySpan<byte> json, JsonDocumentOptions options)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions
        {
            AllowTrailingCommas = options.AllowTrailingCommas,
            CommentHandling = options.CommentHandling,
            MaxDepth = options.MaxDepth == 0 ? MaxDepth : options.MaxDepth,
        });
        var keys = new Stack<HashSet<string>>();
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject:
                    keys.Push([]);
                    break;
                case JsonTokenType.EndObject:
                    keys.Pop();
                    break;
                case JsonTokenType.PropertyName when Text(ref reader, json) is var key && !keys.Peek().Add(key):
                    throw At(json, reader.TokenStartIndex, $"duplicate key '{Shown(key)}'");
                case JsonTokenType.String:
                    Text(ref reader, json);
                    break;
                case JsonTokenType.Number when !(reader.TryGetDouble(out var number) && double.IsFinite(number)):
                    throw At(json, reader.TokenStartIndex, $"{Shown(Encoding.ASCII.GetString(reader.ValueSpan))} is beyond every number");
            }
        }
    }

    private static byte[] ReadBytes(string path, int maxLength)
    {
        var length = PlainFile.Length(path);
        return length > maxLength ? throw TooLong(length, maxLength)
            : length == 0 ? throw new JsonException(PlainFile.NoBytes)
            : PlainFile.ReadAll(path, maxLength);
    }

    private static string Text(ref Utf8JsonReader reader, ReadOnlySpan<byte> json)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw At(json, reader.TokenStartIndex, "a text holds bytes that are no UTF-8, or half of a surrogate pair (\\ud800)");
        }
    }

    private static JsonException TooLong(long length, int most) =>
        new(FormattableString.Invariant($"it has {length:N0} bytes, and at most {most:N0} are read"));

    /// <summary>A problem with its place, said as the framework's reader says its own.</summary>
    private static JsonException At(ReadOnlySpan<byte> json, long place, string problem)
    {
        var before = json[..(int)place];
        var (line, column) = (before.Count((byte)'\n'), before.Length - 1 - before.LastIndexOf((byte)'\n'));
        return new(FormattableString.Invariant($"{problem}. LineNumber: {line} | BytePositionInLine: {column}."), null, line, column);
    }

    private static string Shown(string text) => text.Length <= ShownCharacters ? text : text[..ShownCharacters] + "...";
}
