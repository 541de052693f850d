namespace Flip.Data;

/// <summary>
/// The folder that a user named. A list, description or archive may come from a stranger, so what its files name, or link to, has to lie in it, with all links
/// followed; the folder itself may be a link. A file from elsewhere would else be shown in a report, or change a number.
/// </summary>
/// <param name="folder">The folder.</param>
public sealed class FolderBounds(string folder)
{
    /// <summary>The option by which a user allows what lies outside.</summary>
    public const string Option = "--allow-outside";

    private readonly RealPaths _paths = new();
    private string? _real;

    /// <summary>Why a path may not be used; null where it may.</summary>
    /// <param name="path">The path; nothing needs to be there.</param>
    /// <param name="place">Where it is named, for messages; begins with a blank.</param>
    public string? Problem(string path, string place = "")
    {
        ArgumentNullException.ThrowIfNull(path);
        _real ??= _paths.Of(folder);
        var real = _paths.Of(path);
        if (real == _real || real.StartsWith(Path.EndsInDirectorySeparator(_real) ? _real : _real + Path.DirectorySeparatorChar, StringComparison.Ordinal))
        {
            return null;
        }

        var link = real == RealPaths.Full(path) ? "" : $", by a link to '{UnicodeName.Printable(real)}'";
        return $"'{UnicodeName.Printable(path)}'{place} lies outside the folder '{folder}'{link}. What files name or link to is read from their own folder only; "
            + $"where it is meant, allow it by {Option}.";
    }

    /// <summary>A path that may be used.</summary>
    /// <exception cref="ConfigException">It lies outside.</exception>
    public string Checked(string path) => Problem(path) is { } problem ? throw new ConfigException(problem) : path;
}
