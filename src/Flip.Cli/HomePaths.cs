using System.Text.RegularExpressions;

namespace Flip.Cli;

/// <summary>
/// The user's folder where a shell has left <c>~/</c> as it was: in quotes, behind "=" or behind a comma. What is there by the very name stays, and so
/// do texts, which are no paths.
/// </summary>
internal static partial class HomePaths
{
    private const string Rank = "rank"; // whose --texts are texts; those of embed are a file
    private const string Texts = "--texts";

    /// <summary>The arguments with paths written out.</summary>
    public static string[] Expand(string[] args)
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var isText = false;
        var expanded = new string[args.Length];
        foreach (var (index, arg) in args.Index())
        {
            isText = arg.StartsWith('-') ? args[0] == Rank && (arg == Texts || arg.StartsWith(Texts + "=", StringComparison.Ordinal)) : isText;
            expanded[index] = home.Length == 0 || isText || Path.Exists(arg) ? arg : Tilde().Replace(arg, _ => home);
        }

        return expanded;
    }

    [GeneratedRegex(@"(?<=\A|=|,)~(?=/|\\|\z)")]
    private static partial Regex Tilde();
}
