using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Flip.Io;

namespace Flip.Tokenizers;

/// <summary>Reads a tokenizer's files within <see cref="TokenizerLimits"/>.</summary>
internal static class TokenizerInput
{
    private const int GzipMark1 = 0x1F;
    private const int GzipMark2 = 0x8B;

    /// <summary>The bytes of a file.</summary>
    /// <exception cref="VocabularyException">There are too many.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static byte[] ReadBytes(string path)
    {
        using var file = Open(path);
        return Whole(file, path).ToArray();
    }

    /// <summary>The lines of a file, which may be packed with gzip.</summary>
    /// <param name="path">The file.</param>
    /// <param name="longest">UTF-16 units of a line.</param>
    /// <exception cref="VocabularyException">There are too many, or one is too long.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="InvalidDataException">It is packed and damaged.</exception>
    public static IEnumerable<string> ReadLines(string path, int longest)
    {
        using var reader = new StreamReader(Unpacked(path), Encoding.UTF8);
        for (var line = 1; reader.ReadLine() is { } text; line++)
        {
            if (line > TokenizerLimits.Tokens)
            {
                throw new VocabularyException(path, $"has more than {TokenizerLimits.Tokens} lines, the most that are read");
            }

            yield return text.Length <= longest
                ? text
                : throw new VocabularyException(path, $"line {line} has {text.Length} characters, and the longest that is read {longest}");
        }
    }

    /// <summary>
    /// A JSON file whose texts are Unicode. All of it is looked through before it is kept: what is kept of a value is many times longer than the value.
    /// </summary>
    /// <exception cref="VocabularyException">It is too large, or holds a text that is no Unicode.</exception>
    /// <exception cref="JsonException">It is no JSON.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static JsonDocument ReadJson(string path, bool allowDuplicates)
    {
        var bytes = ReadBytes(path);
        if (!Utf8.IsValid(bytes))
        {
            throw new VocabularyException(path, "holds text that is no Unicode");
        }

        var reader = new Utf8JsonReader(bytes);
        for (var values = 0; reader.Read(); values++)
        {
            if (values > TokenizerLimits.JsonValues)
            {
                throw new VocabularyException(path, $"has more than {TokenizerLimits.JsonValues} values, the most that are read");
            }

            RequireUnicode(path, ref reader);
        }

        return JsonDocument.Parse(bytes, new JsonDocumentOptions { AllowDuplicateProperties = allowDuplicates });
    }

    /// <summary>What an exception says, as a part of an error: a reader of JSON quotes all that follows a word it does not know.</summary>
    public static string Reason(Exception e) => TokenizerPart.Short(e.Message.TrimEnd('.'));

    /// <summary>An escaped half of a surrogate pair is the one text that UTF-8 can hold and Unicode cannot.</summary>
    private static void RequireUnicode(string path, ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped)
        {
            return;
        }

        try
        {
            reader.GetString();
        }
        catch (InvalidOperationException e)
        {
            throw new VocabularyException(path, "holds text that is no Unicode", e);
        }
    }

    private static MemoryStream Unpacked(string path)
    {
        using var file = Open(path);
        var isPacked = file.ReadByte() == GzipMark1 && file.ReadByte() == GzipMark2;
        file.Position = 0;
        if (!isPacked)
        {
            return Whole(file, path);
        }

        using var content = new GZipStream(file, CompressionMode.Decompress);
        return Whole(content, path);
    }

    private static FileStream Open(string path)
    {
        if (PlainFile.Length(path) == 0)
        {
            throw new VocabularyException(path, PlainFile.NoBytes);
        }

        var file = PlainFile.OpenRead(path);
        if (file.Length <= TokenizerLimits.FileBytes)
        {
            return file;
        }

        file.Dispose();
        throw new VocabularyException(path, $"has {new FileInfo(path).Length} bytes, the most that a tokenizer's file may have are {TokenizerLimits.FileBytes}");
    }

    private static MemoryStream Whole(Stream content, string path)
    {
        var whole = new MemoryStream();
        var buffer = new byte[1 << 16];
        while (content.Read(buffer) is > 0 and var count)
        {
            if (whole.Length + count > TokenizerLimits.FileBytes)
            {
                throw new VocabularyException(path, $"unpacks to more than {TokenizerLimits.FileBytes} bytes, the most that a tokenizer's file may have");
            }

            whole.Write(buffer, 0, count);
        }

        whole.Position = 0;
        return whole;
    }
}
