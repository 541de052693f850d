namespace Flip.Data.Layouts;

/// <summary>Finds out in which layout a folder is.</summary>
internal static class LayoutSearch
{
    private const int NamesShown = 3;

    /// <summary>The first layout that is there, and where it begins.</summary>
    /// <exception cref="ConfigException">None is; the message says what was looked for.</exception>
    public static (T Layout, string Place) Find<T>(string folder, IReadOnlyList<T> layouts, LayoutOptions options)
        where T : DataLayout
    {
        try
        {
            foreach (var layout in layouts)
            {
                if (layout.Locate(folder, options) is { } place)
                {
                    return (layout, place);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"The folder '{folder}' cannot be read: {e.Message}");
        }

        throw new ConfigException($"The folder '{folder}' has no data in a known layout; looked for the split '{options.Split}' as "
            + string.Join("; ", layouts.Select(layout => layout.Describe(options.Split))) + "." + Hint(folder, options));
    }

    /// <summary>What the folder has and what classes are called, for folders may be of other classes.</summary>
    private static string Hint(string folder, LayoutOptions options)
    {
        var folders = Directory.EnumerateDirectories(folder).Take(NamesShown).Select(path => $"'{UnicodeName.Printable(Path.GetFileName(path))}'").ToList();
        return options.Classes is not { } table || folders.Count == 0 ? ""
            : $" It has the folders {string.Join(", ", folders)} ...; classes are called "
                + string.Join(", ", table.Classes.Take(NamesShown).Select(entry => $"'{entry.Aliases.Prepend(entry.Name).Last()}'")) + " ...";
    }
}
