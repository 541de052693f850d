using System.Globalization;
using Flip.Io;

namespace Flip.Data.Files;

/// <summary>A list of image files, one path a line.</summary>
internal static class ImageList
{
    /// <summary>The files in the list's order.</summary>
    /// <exception cref="ConfigException">The list is empty, or a line stands in it twice.</exception>
    public static IReadOnlyList<ImageFile> Read(TextReader lines, string name, string folder)
    {
        var files = new List<ImageFile>();
        var lineOf = new Dictionary<string, int>(StringComparer.Ordinal);
        var number = 0;
        foreach (var line in TextFile.Lines(lines, name))
        {
            number++;
            var path = TextLines.Checked(line, name, number).Trim();
            if (path.Length == 0)
            {
                continue;
            }

            var key = UnicodeName.Printable(path);
            if (!lineOf.TryAdd(key, number))
            {
                throw new ConfigException(string.Create(
                    CultureInfo.InvariantCulture, $"{name}, line {number}: the image '{key}' stands in line {lineOf[key]} already."));
            }

            files.Add(new ImageFile(key, Path.Combine(folder, path), string.Create(CultureInfo.InvariantCulture, $" ({name}, line {number})")));
        }

        return files.Count > 0 ? files : throw new ConfigException($"{name}: the list names no image{TextLines.EmptyHint(name)}.");
    }
}
