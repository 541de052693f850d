using System.Globalization;
using Flip.Data.Files;
using Flip.Data.Shards;

namespace Flip.Data.Layouts;

/// <summary>
/// The form in which CLIP_benchmark publishes data sets: <c>test/0.tar ...</c>, as many as <c>test/nshards.txt</c> says, beside
/// <c>classnames.txt</c> and <c>dataset_type.txt</c>.
/// </summary>
internal static class PublishedShards
{
    private const int MostShards = 1_000_000;
    private const int MissingShown = 5;

    /// <summary>The folder of a split; null where there is none.</summary>
    public static string? Find(string folder, LayoutOptions options) => SplitNames.Of(options.Split)
        .Select(part => Path.Combine(folder, part))
        .FirstOrDefault(place => File.Exists(Path.Combine(place, "nshards.txt"))
            || (ShardFolder.Tars(place).Count > 0 && (File.Exists(Names(folder)) || TypeOf(folder, options) is not null)));

    /// <summary>What <c>dataset_type.txt</c> says, in lower case; null where it is not there.</summary>
    public static string? TypeOf(string folder, LayoutOptions options) =>
        Path.Combine(folder, "dataset_type.txt") is var path && File.Exists(path) ? TextLines.LinesOf(options.Source.Inside(path)).FirstOrDefault("").Trim().ToLowerInvariant() : null;

    /// <summary>The file with the names of the classes, a line each.</summary>
    public static string Names(string folder) => Path.Combine(folder, "classnames.txt");

    /// <summary>Indexes the shards of a split in the order of their numbers.</summary>
    /// <param name="place">What <see cref="Find"/> found.</param>
    /// <param name="options">What is allowed.</param>
    /// <param name="cancellation">Stops the indexing.</param>
    /// <exception cref="ConfigException">A shard is missing.</exception>
    public static DataSetIndex Open(string place, LayoutOptions options, CancellationToken cancellation) =>
        ShardSources.Open(Shards(place, options), options.Source, cancellation);

    private static IReadOnlyList<string> Shards(string place, LayoutOptions options)
    {
        var counted = Path.Combine(place, "nshards.txt");
        if (!File.Exists(counted))
        {
            return [.. ShardFolder.Tars(place).OrderBy(NumberOf).ThenBy(path => path, StringComparer.Ordinal)];
        }

        var text = TextLines.LinesOf(options.Source.Inside(counted)).FirstOrDefault("").Trim();
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count is < 1 or > MostShards)
        {
            throw new ConfigException($"'{counted}' says '{UnicodeName.Printable(text)}' instead of a number of shards.");
        }

        var shards = Enumerable.Range(0, count).Select(number => Path.Combine(place, string.Create(CultureInfo.InvariantCulture, $"{number}.tar")));
        var missing = shards.Where(path => !File.Exists(path)).Take(MissingShown).ToList();
        return missing.Count == 0
            ? [.. shards]
            : throw new ConfigException([.. missing.Select(path => $"The shard '{path}' is missing: '{counted}' says that there are {count}.")]);
    }

    private static int NumberOf(string path) =>
        int.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : int.MaxValue;
}
