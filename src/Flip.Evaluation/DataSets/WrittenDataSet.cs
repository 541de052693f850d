using Flip.Data;
using Flip.Data.Classes;
using Flip.Data.Files;
using Flip.Data.Layouts;
using Flip.Data.Shards;
using Flip.Evaluation.Metrics;

namespace Flip.Evaluation.DataSets;

/// <summary>
/// A data set to evaluate on, as a user writes it. What is there as a path is that path: a description (<c>mine.json</c>), or labelled images of
/// the user's own. Else it is <c>NAME=PATH</c> of a known data set, of a description or with a name of the user's own, <c>NAME</c> with a folder of that
/// name in the data root, or a group (<c>robustness</c>). <c>captions=PATH</c> and <c>NAME=captions=PATH</c> are captioned the user's own images.
/// </summary>
/// <param name="Set">What is asked and how.</param>
/// <param name="Source">Where the data lie; null where the description says so.</param>
public sealed record WrittenDataSet(DataSetDescription Set, string? Source)
{
    private const string Json = ".json";
    private const string Captions = "captions=";

    /// <summary>Whether its name is its path's.</summary>
    private bool IsNamedByPath { get; init; }

    /// <summary>Resolves what was written, before any data is opened.</summary>
    /// <param name="written">All items.</param>
    /// <param name="dataRoot">Folder with a folder for each known data set; null where paths are given.</param>
    /// <param name="classes">File of class names for the user's own data; null takes what the data say.</param>
    /// <param name="say">Receives which data sets of a group are not there.</param>
    /// <param name="allowOutside">Whether a description may name files outside its folder.</param>
    /// <exception cref="ConfigException">An item is nothing of the above, or a data set is there twice.</exception>
    public static IReadOnlyList<WrittenDataSet> Of(IEnumerable<string> written, string? dataRoot, string? classes, Action<string> say, bool allowOutside = false)
    {
        ArgumentNullException.ThrowIfNull(written);
        return Distinct([.. written.SelectMany(Resolved)]);

        IReadOnlyList<WrittenDataSet> Resolved(string item) => Suites.Find(item) is { } group && !IsPath(item, dataRoot)
            ? InRoot(item, group, dataRoot, say)
            : [One(item, dataRoot, classes, say, allowOutside)];
    }

    /// <summary>Resolves what is no group.</summary>
    /// <inheritdoc cref="Of"/>
    /// <param name="written">One item.</param>
    /// <param name="say">Called where a known name is read as a path.</param>
    public static WrittenDataSet One(string written, string? dataRoot, string? classes, Action<string>? say = null, bool allowOutside = false)
    {
        ArgumentNullException.ThrowIfNull(written);
        WrittenDataSet Known(string name, string? path) => OfName(name, path, dataRoot, allowOutside);
        if (DataSets.Names.Contains(written) && IsPath(written, dataRoot))
        {
            say?.Invoke($"'{written}' is there as a path, and read as images of your own; the known data set in it would be {written}={written}.");
        }

        if (IsPath(written, dataRoot) || (written.Contains('=', StringComparison.Ordinal) && ShardPattern.NamesSomething(written)))
        {
            return IsDescription(written) && !Directory.Exists(written) ? Known(written, null) : Own(null, written, classes);
        }

        if (written.StartsWith(Captions, StringComparison.Ordinal))
        {
            return Own(null, written, classes);
        }

        var signs = Enumerable.Range(0, written.Length).Where(i => i > 0 && written[i] == '=').ToList();
        if (signs.Count == 0)
        {
            return DataSets.Names.Contains(written) || IsDescription(written) ? Known(written, null)
                : IsShards(written) ? Own(null, written, classes)
                : Suites.Find(written) is not null ? throw new ConfigException($"'{written}' is a group of data sets: name one of them.")
                : new WrittenDataSet(DataSets.Get(written), null); // which suggests the nearest
        }

        if (DataSets.Names.Contains(written[..signs[0]]))
        {
            return Known(written[..signs[0]], written[(signs[0] + 1)..]);
        }

        foreach (var sign in signs)
        {
            var (name, path) = (written[..sign], written[(sign + 1)..]);
            if (IsDescription(name) && (File.Exists(name) || sign == signs[^1]))
            {
                return Known(name, path);
            }

            if (IsPath(path, null) || IsShards(path) || path.StartsWith(Captions, StringComparison.Ordinal))
            {
                return Own(name, path, classes);
            }
        }

        var (left, right) = (written[..signs[0]], written[(signs[0] + 1)..]);
        throw new ConfigException(
            $"'{written}' is not there as a path; and as NAME=PATH, '{left}' is no known data set (did you mean {DataSets.Nearest(left)}?) "
            + $"and '{right}' is not there.");
    }

    /// <summary>Gives data that are named by their paths and are called alike as many of the folders above them as tell them apart.</summary>
    /// <exception cref="ConfigException">Others are there twice.</exception>
    internal static IReadOnlyList<WrittenDataSet> Distinct(IReadOnlyList<WrittenDataSet> data)
    {
        var names = data.Select(item => item.Set.Name).ToArray();
        for (var folders = 2; ; folders++)
        {
            var twice = names.CountBy(name => name, UnicodeName.Comparer).Where(count => count.Value > 1).Select(count => count.Key).ToHashSet(UnicodeName.Comparer);
            if (twice.Count == 0)
            {
                return [.. data.Zip(names, (item, name) => item with { Set = item.Set with { Name = name, Title = item.IsNamedByPath ? name : item.Set.Title } })];
            }

            var before = names.ToArray();
            for (var i = 0; i < data.Count; i++)
            {
                names[i] = twice.Contains(before[i]) && data[i].IsNamedByPath ? UnicodeName.Shown(NameOf(data[i].Source!, folders)) : before[i];
            }

            if (names.SequenceEqual(before))
            {
                var name = data[Array.FindIndex(names, twice.Contains)].Set.Name;
                throw new ConfigException($"The data set '{name}' is there twice; write NAME=PATH to give images of your own another name.");
            }
        }
    }

    private static List<WrittenDataSet> InRoot(string group, IReadOnlyList<DataSetDescription> sets, string? dataRoot, Action<string> say)
    {
        var root = dataRoot ?? throw new ConfigException($"'{group}' is a group of data sets: name one of them, or in flip eval the folder that has theirs with --data-root.");
        var (there, not) = (new List<WrittenDataSet>(), new List<string>());
        foreach (var set in sets)
        {
            if (Directory.Exists(Path.Combine(root, set.Name)))
            {
                there.Add(new WrittenDataSet(set, Path.Combine(root, set.Name)));
            }
            else
            {
                not.Add(set.Name);
            }
        }

        if (not.Count > 0)
        {
            say($"Not in '{root}', and left out: {string.Join(", ", not)}.");
        }

        return there.Count > 0 ? there : throw new ConfigException(
            $"'{root}' has none of the data sets of '{group}': expected a folder of the data set's name for each, such as {Path.Combine(root, sets[0].Name)}.");
    }

    /// <summary>Whether it is there as a path. With a data root, the names that are in it are names.</summary>
    private static bool IsPath(string written, string? dataRoot) => Path.Exists(WrittenPaths.Existing(written))
        && (dataRoot is null || (!DataSets.Names.Contains(written) && Suites.Find(written) is null));

    private static bool IsDescription(string path) => path.EndsWith(Json, StringComparison.OrdinalIgnoreCase);

    private static bool IsShards(string path) => path.Contains(".tar", StringComparison.OrdinalIgnoreCase) || ShardPattern.NamesSomething(path);

    private static WrittenDataSet OfName(string name, string? path, string? dataRoot, bool allowOutside)
    {
        var set = DataSets.Get(name, allowOutside);
        return new WrittenDataSet(set, path ?? (set.Data is not null ? null
            : dataRoot is not null ? Path.Combine(dataRoot, name)
            : throw new ConfigException($"Where is {name}? Write {name}=PATH; flip eval also takes the folder that has it as --data-root.")));
    }

    /// <summary>What a path ends in: a folder's whole name, a file's without its extension.</summary>
    private static string NameOf(string path, int parts = 1)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var names = full.Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries);
        if (names.Length == 0)
        {
            return full; // the root
        }

        names[^1] = Path.Exists(full) && !File.Exists(full) ? names[^1] : Path.GetFileNameWithoutExtension(names[^1]) is { Length: > 0 } stem ? stem : names[^1];
        return string.Join('/', names.TakeLast(parts));
    }

    /// <summary>Images of the user's own: top-1 of labelled ones, recall of captioned ones.</summary>
    private static WrittenDataSet Own(string? name, string path, string? classes)
    {
        var isCaptioned = path.StartsWith(Captions, StringComparison.Ordinal);
        path = isCaptioned ? path[Captions.Length..] : path;
        var shown = UnicodeName.Shown(name ?? NameOf(path));
        var set = new DataSetDescription
        {
            Name = shown,
            Title = shown,
            Task = isCaptioned ? DataSetTask.Retrieval : DataSetTask.Classification,
            Metric = isCaptioned ? Metric.Recall : Metric.Top1,
            Classes = classes is null || isCaptioned ? [] : ClassNames.LoadEntries(classes),
            LabelledLayouts = isCaptioned ? [] : LabelledSources.Layouts,
            CaptionedLayouts = isCaptioned ? CaptionedSources.Layouts : [],
        };
        return new WrittenDataSet(set, path) { IsNamedByPath = name is null };
    }
}
