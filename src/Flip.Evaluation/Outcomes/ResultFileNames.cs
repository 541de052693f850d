using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Flip.Evaluation.Outcomes;

/// <summary>
/// Names of files for data sets, whose own names are the user's and may be any text. A file's name has letters, digits, '.', '_' and '-' alone; two
/// of one report differ also where case does not count. They follow from the names and their order, so that a reader of the report finds them.
/// </summary>
internal static partial class ResultFileNames
{
    private const int Longest = 100;
    private const string WithoutLetters = "data-set";

    /// <summary>The name of each data set's file, without extension, in their order.</summary>
    public static IReadOnlyList<string> Of(IEnumerable<string> dataSets)
    {
        var taken = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        return [.. dataSets.Select(name => Free(Plain(name), taken))];
    }

    private static string Free(string plain, HashSet<string> taken)
    {
        var name = plain;
        for (var number = 2; !taken.Add(name); number++)
        {
            name = string.Create(CultureInfo.InvariantCulture, $"{plain}-{number}");
        }

        return name;
    }

    /// <summary>The name itself where it is plain already; else marks are dropped, and what is left between plain signs is a hyphen.</summary>
    private static string Plain(string name)
    {
        var plain = name;
        if (!Allowed().IsMatch(name))
        {
            var letters = string.Concat(Decomposed(name).Where(letter => CharUnicodeInfo.GetUnicodeCategory(letter) != UnicodeCategory.NonSpacingMark));
            plain = Others().Replace(letters, "-").Trim('-', '.');
            plain = plain[..Math.Min(plain.Length, Longest)].TrimEnd('-', '.');
        }

        return plain.Length == 0 ? WithoutLetters
            : Devices().IsMatch(plain) ? $"set-{plain}"
            : plain;
    }

    private static string Decomposed(string name)
    {
        try
        {
            return name[..Math.Min(name.Length, 4 * Longest)].Normalize(NormalizationForm.FormKD);
        }
        catch (ArgumentException)
        {
            return name; // half a surrogate pair
        }
    }

    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9._-]{0,99}\z")]
    private static partial Regex Allowed();

    [GeneratedRegex("[^A-Za-z0-9._]+")]
    private static partial Regex Others();

    /// <summary>Windows opens a device by such a name, whatever its extension.</summary>
    [GeneratedRegex(@"\A(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|\z)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Devices();
}
