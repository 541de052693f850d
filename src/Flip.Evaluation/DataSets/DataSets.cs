using System.Reflection;
using Flip.Config;
using Flip.Io;

namespace Flip.Evaluation.DataSets;

/// <summary>The data sets that are known by name, each a JSON file in this folder, and those that a user describes.</summary>
public static class DataSets
{
    private const string Extension = ".json";

    /// <summary>Ends the names of files with classes that several entries share.</summary>
    private const string ClassesExtension = ".classes.json";

    private static readonly Assembly Assembly = typeof(DataSets).Assembly;
    private static readonly string Prefix = $"{typeof(DataSets).Namespace}.Entries.";

    /// <summary>The names of <see cref="All"/>, sorted.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        .. Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal) && !name.EndsWith(ClassesExtension, StringComparison.Ordinal))
            .Select(name => name[Prefix.Length..^Extension.Length])
            .Order(StringComparer.Ordinal),
    ];

    private static readonly Lazy<IReadOnlyList<DataSetDescription>> Entries = new(() => [.. Names.Select(ReadEntry)]);

    /// <summary>All entries of the registry, by name.</summary>
    public static IReadOnlyList<DataSetDescription> All => Entries.Value;

    /// <summary>An entry by its name, or what a JSON file describes, whose paths are relative to it.</summary>
    /// <param name="nameOrPath">A name, or a path that ends in <c>.json</c>.</param>
    /// <param name="allowOutside">Whether a file may name others outside its folder.</param>
    /// <exception cref="ConfigException">There is no such entry or file, or the file is wrong; it holds every problem.</exception>
    public static DataSetDescription Get(string nameOrPath, bool allowOutside = false)
    {
        ArgumentNullException.ThrowIfNull(nameOrPath);
        if (nameOrPath.EndsWith(Extension, StringComparison.OrdinalIgnoreCase))
        {
            return ReadFile(nameOrPath, allowOutside);
        }

        return Names.Contains(nameOrPath)
            ? ReadEntry(nameOrPath)
            : throw new ConfigException(
                $"'{nameOrPath}' is not there as a path and is no known data set; did you mean {Nearest(nameOrPath)}? There are "
                + $"{string.Join(", ", Names)}, and your own in a {Extension} file.");
    }

    /// <summary>The name that a mistyped one is nearest to.</summary>
    public static string Nearest(string name) => SettingCatalog.Nearest(name, Names);

    private static DataSetDescription ReadEntry(string name) =>
        DescriptionReader.Read(name, Resource(name + Extension), $"data set {name}", Resource);

    private static string Resource(string name)
    {
        using var stream = Assembly.GetManifestResourceStream(Prefix + name) ?? throw new FileNotFoundException($"There is no '{name}'.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static DataSetDescription ReadFile(string path, bool allowOutside)
    {
        try
        {
            var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
            return DescriptionReader.Read(Path.GetFileNameWithoutExtension(path), TextFile.Read(path), path, folder, allowOutside);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new ConfigException($"The description '{path}' cannot be read: {e.Message}");
        }
    }
}
