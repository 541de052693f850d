using System.Text;

namespace Flip.Data;

/// <summary>
/// Names that look the same. A letter with a mark is one character (NFC) or, as macOS's tools write it, two (NFD), so a name in a list may differ
/// from that of its file. Names are compared in NFC; where one is there as it is written, it is taken first.
/// </summary>
public static class UnicodeName
{
    /// <summary>No path or class is longer; composing takes the square of a run of marks, and strangers write lists.</summary>
    private const int LongestComposed = 4096;

    /// <summary>Equal where the composed forms are.</summary>
    public static IEqualityComparer<string> Comparer { get; } = EqualityComparer<string>.Create(
        (a, b) => a is null || b is null ? a == b : string.Equals(Composed(a), Composed(b), StringComparison.Ordinal),
        text => Composed(text).GetHashCode(StringComparison.Ordinal));

    /// <summary>A name in NFC; as it is where it has half a surrogate pair.</summary>
    public static string Composed(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (Ascii.IsValid(text) || text.Length > LongestComposed)
        {
            return text;
        }

        try
        {
            return text.Normalize(NormalizationForm.FormC);
        }
        catch (ArgumentException)
        {
            return text;
        }
    }

    /// <summary>A name as it is shown: in NFC, and without what consoles obey.</summary>
    public static string Shown(string name) => Printable(Composed(name));

    /// <summary>A name in one line, as keys in files and names in messages are: a line end in it could pass for a line of ours.</summary>
    public static string Printable(string name) =>
        string.Create(name.Length, name, (text, source) =>
        {
            for (var i = 0; i < text.Length; i++)
            {
                text[i] = char.IsControl(source[i]) ? '?' : source[i];
            }
        });

    /// <summary>Puts names in ordinal order of their composed forms, so that copies of a folder have one order.</summary>
    public static int Compare(string a, string b) =>
        string.CompareOrdinal(Composed(a), Composed(b)) is not 0 and var order ? order : string.CompareOrdinal(a, b);
}
