using Flip.Data;
using Flip.Data.Shards;

namespace Flip.Ingest;

/// <summary>
/// The written form of a list of files: a file, a folder (all its files of a kind), a name with <c>*</c> and <c>?</c> in its last part, or with braces (<c>{0000..0041}</c>, <c>{a,b}</c>).
/// What is there by the very name is taken first, whatever signs are in it.
/// </summary>
internal static class SourceFiles
{
    /// <summary>Files that a source names, as full paths: as written for braces, in ordinal order for folders and wildcards. None where it names none.</summary>
    /// <param name="source">The source.</param>
    /// <param name="isWanted">Whether a file of a folder, or one that a wildcard matches, is of the kind that is looked for.</param>
    /// <param name="options">Whether links in a folder may lead outside.</param>
    /// <exception cref="ConfigException">The braces are malformed, a link leads outside, or a folder cannot be read.</exception>
    public static IReadOnlyList<string> Find(string source, Func<string, bool> isWanted, SourceOptions options)
    {
        try
        {
            return File.Exists(source) ? [Path.GetFullPath(source)]
                : Directory.Exists(source) ? [.. Wanted(Path.GetFullPath(source), "*", isWanted, options.Within(source))]
                : [.. Braces.Expand(source).SelectMany(name => Matches(name, isWanted, options)).Distinct(StringComparer.Ordinal)];
        }
        catch (FormatException e)
        {
            throw new ConfigException($"'{source}' cannot be read as a pattern: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"'{source}' cannot be read: {e.Message}");
        }
    }

    private static IEnumerable<string> Matches(string name, Func<string, bool> isWanted, SourceOptions options)
    {
        if (File.Exists(name))
        {
            return [Path.GetFullPath(name)];
        }

        var (folder, last) = (Path.GetDirectoryName(Path.GetFullPath(name)), Path.GetFileName(name));
        return folder is not null && last.AsSpan().ContainsAny('*', '?') && Directory.Exists(folder) ? Wanted(folder, last, isWanted, options) : [];
    }

    private static IEnumerable<string> Wanted(string folder, string pattern, Func<string, bool> isWanted, SourceOptions options) =>
        Directory.EnumerateFiles(folder, pattern).Where(path => !Path.GetFileName(path).StartsWith('.') && isWanted(path)).Order(StringComparer.Ordinal).Select(options.Inside);
}
