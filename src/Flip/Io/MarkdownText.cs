using System.Text;

namespace Flip.Io;

/// <summary>Names in Markdown (GitHub's) are data, whoever gave them.</summary>
public static class MarkdownText
{
    private const string Markup = "\\`*_[]<>|~&#$!";

    /// <summary>A text in which nothing is markup and which stays in its line.</summary>
    public static string Escape(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var escaped = new StringBuilder(text.Length);
        foreach (var letter in text)
        {
            escaped.Append(Markup.Contains(letter, StringComparison.Ordinal) ? "\\" : string.Empty)
                .Append(char.IsControl(letter) || letter is '\u2028' or '\u2029' ? ' ' : letter);
        }

        return escaped.ToString();
    }
}
