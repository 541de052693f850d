using System.Globalization;
using Flip.Io;
using Flip.Tokenizers;

namespace Flip.Data.Files;

/// <summary>A text file with one text a line; its key is the line's number, so that they stay together when one is left out.</summary>
internal sealed class TextLines : ITextSource
{
    private readonly string _name;
    private readonly Func<IEnumerable<string>> _lines;
    private readonly Func<string, bool> _isBroken;

    private TextLines(string name, Func<IEnumerable<string>> lines, Func<string, bool> isBroken)
    {
        (_name, _lines, _isBroken) = (name, lines, isBroken);
    }

    /// <summary>The lines of a file, read anew each time.</summary>
    /// <exception cref="ConfigException">The file cannot be opened.</exception>
    public static TextLines OfFile(string path)
    {
        OpenFile(path).Dispose();
        return new TextLines(path, () => RawLinesOf(path), line => TextFile.IsBroken(line));
    }

    /// <summary>The lines of a stream that can be read once; they are kept. A line with U+FFFD is broken: its reader puts it where bytes are no text.</summary>
    public static TextLines OfReader(TextReader reader, string name)
    {
        var lines = new List<string>();
        foreach (var line in TextFile.Lines(reader, name))
        {
            lines.Add(lines.Count == 0 ? line.TrimStart('\uFEFF') : line);
        }

        return new TextLines(name, () => lines, line => TextFile.IsBroken(line) || line.Contains('\uFFFD'));
    }

    /// <summary>Opens a text file, of which lines may be broken (<see cref="TextFile"/>).</summary>
    /// <exception cref="ConfigException">The file cannot be opened.</exception>
    public static StreamReader OpenFile(string path)
    {
        try
        {
            return TextFile.Open(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"'{path}' cannot be read: {e.Message}");
        }
    }

    /// <summary>What may be the matter with a file that has no line; empty for another.</summary>
    public static string EmptyHint(string path) => PlainFile.Length(path) == 0 ? $": it {PlainFile.NoBytes}" : "";

    /// <summary>The lines of a text file.</summary>
    /// <exception cref="ConfigException">The file cannot be opened, or a line is broken.</exception>
    public static IEnumerable<string> LinesOf(string path) => RawLinesOf(path).Select((line, index) => Checked(line, path, index + 1));

    /// <summary>The lines of a text file, of which some may be broken: whoever takes them apart checks what is used.</summary>
    /// <exception cref="ConfigException">The file cannot be opened.</exception>
    public static IEnumerable<string> RawLinesOf(string path)
    {
        using var reader = OpenFile(path);
        foreach (var line in TextFile.Lines(reader, path))
        {
            yield return line;
        }
    }

    /// <summary>A line, or the part of one that is used.</summary>
    /// <param name="text">The part.</param>
    /// <param name="name">What to call the file.</param>
    /// <param name="line">The line's number, from 1.</param>
    /// <exception cref="ConfigException">It is broken.</exception>
    public static string Checked(string text, string name, int line) => TextFile.IsBroken(text)
        ? throw new ConfigException(string.Create(CultureInfo.InvariantCulture, $"{name}, line {line}: the text {TextFile.Problem}."))
        : text;

    /// <inheritdoc/>
    public IEnumerable<SourceText> Read()
    {
        foreach (var (index, line) in _lines().Index())
        {
            var key = (index + 1).ToString(CultureInfo.InvariantCulture);
            var text = line.Trim();
            var problem = text.Length == 0 ? "the line is blank" : _isBroken(text) ? $"the text {TextFile.Problem}" : TokenizerLimits.Problem(text);
            yield return problem is null ? new SourceText(key, text) : new SourceText(key, null, $"{_name}, line {key}: {problem}");
        }
    }
}
