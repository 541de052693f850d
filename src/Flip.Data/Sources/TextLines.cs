using System.Globalization;
using Flip.Config;

namespace Flip.Data.Sources;

/// <summary>A text file with one text a line; its key is the line's number, so that they stay together when one is left out.</summary>
internal sealed class TextLines : ITextSource
{
    private readonly string _name;
    private readonly Func<IEnumerable<string>> _lines;

    private TextLines(string name, Func<IEnumerable<string>> lines)
    {
        (_name, _lines) = (name, lines);
    }

    /// <summary>The lines of a file, read anew each time.</summary>
    /// <exception cref="ConfigException">The file cannot be opened.</exception>
    public static TextLines OfFile(string path)
    {
        OpenFile(path).Dispose();
        return new TextLines(path, () => LinesOf(path));
    }

    /// <summary>The lines of a stream that can be read once; they are kept.</summary>
    public static TextLines OfReader(TextReader reader, string name)
    {
        var lines = new List<string>();
        while (reader.ReadLine() is { } line)
        {
            lines.Add(line);
        }

        return new TextLines(name, () => lines);
    }

    /// <summary>Opens a text file: UTF-8, bytes that are none become U+FFFD; a byte-order mark is dropped.</summary>
    /// <exception cref="ConfigException">The file cannot be opened.</exception>
    public static StreamReader OpenFile(string path)
    {
        try
        {
            return new StreamReader(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"'{path}' cannot be read: {e.Message}");
        }
    }

    /// <summary>The lines of a text file.</summary>
    public static IEnumerable<string> LinesOf(string path)
    {
        using var reader = OpenFile(path);
        while (reader.ReadLine() is { } line)
        {
            yield return line;
        }
    }

    /// <inheritdoc/>
    public IEnumerable<SourceText> Read()
    {
        foreach (var (index, line) in _lines().Index())
        {
            var key = (index + 1).ToString(CultureInfo.InvariantCulture);
            var text = line.Trim();
            yield return text.Length > 0 ? new SourceText(key, text) : new SourceText(key, null, $"{_name}, line {key}: the line is blank");
        }
    }
}
