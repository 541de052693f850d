using Flip.Config;
using Flip.Data.Formats;
using Flip.Data.Sources;
using Flip.Evaluation.DataSets;
using Flip.Evaluation.Metrics;

namespace Flip.Cli.Runs;

/// <summary>
/// A data set to evaluate on, as a user writes it: <c>NAME=PATH</c> of a known one, <c>NAME</c> with a folder of that name in the data root,
/// a group of them (<c>robustness</c>), a description (<c>mine.json</c>, also <c>mine.json=PATH</c>), or labelled images of one's own.
/// </summary>
/// <param name="Set">What is asked and how.</param>
/// <param name="Source">Where the data lie; null where the description says so.</param>
internal sealed record EvaluatedData(DataSetDescription Set, string? Source)
{
    /// <summary>Resolves what was written, before any data is opened.</summary>
    /// <param name="written">One item.</param>
    /// <param name="dataRoot">See <see cref="EvaluationRequest.DataRoot"/>.</param>
    /// <param name="classes">See <see cref="EvaluationRequest.Classes"/>.</param>
    /// <param name="say">Told which data sets of a group are not there.</param>
    /// <exception cref="ConfigException">It is nothing of the above.</exception>
    public static IReadOnlyList<EvaluatedData> Of(string written, string? dataRoot, string? classes, Action<string> say)
    {
        return Suites.Find(written) is { } group ? InRoot(written, group, dataRoot, say) : [One(written, dataRoot, classes)];
    }

    /// <summary>Resolves what is no group.</summary>
    /// <inheritdoc cref="Of"/>
    public static EvaluatedData One(string written, string? dataRoot, string? classes)
    {
        var (name, path) = written.IndexOf('=', StringComparison.Ordinal) is > 0 and var sign ? (written[..sign], written[(sign + 1)..]) : (written, null);
        if (DataSets.Names.Contains(name) || name.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
        {
            var set = DataSets.Get(name);
            return new EvaluatedData(set, path ?? (set.Data is null ? At(dataRoot, name) : null));
        }

        // A name that is neither known nor a path is most likely mistyped: the registry's message suggests the nearest.
        var own = path ?? name;
        return Directory.Exists(own) || File.Exists(own) || own.Contains(".tar", StringComparison.OrdinalIgnoreCase)
            ? new EvaluatedData(Own(path is null ? NameOf(own) : name, classes), own)
            : new EvaluatedData(DataSets.Get(name), null);
    }

    private static List<EvaluatedData> InRoot(string group, IReadOnlyList<DataSetDescription> sets, string? dataRoot, Action<string> say)
    {
        var root = dataRoot ?? throw new ConfigException($"'{group}' is a group of data sets: name the folder that has theirs with --data-root.");
        var (there, not) = (new List<EvaluatedData>(), new List<string>());
        foreach (var set in sets)
        {
            if (Directory.Exists(Path.Combine(root, set.Name)))
            {
                there.Add(new EvaluatedData(set, Path.Combine(root, set.Name)));
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

    private static string At(string? dataRoot, string name) => dataRoot is not null
        ? Path.Combine(dataRoot, name)
        : throw new ConfigException($"Where is {name}? Write {name}=PATH, or name the folder that has it with --data-root.");

    private static string NameOf(string path) =>
        Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path))).Replace('*', '-');

    /// <summary>Images of one's own, with top-1 for a metric.</summary>
    private static DataSetDescription Own(string name, string? classes) => new()
    {
        Name = name,
        Title = name,
        Task = DataSetTask.Classification,
        Metric = Metric.Top1,
        Classes = classes is null ? [] : ClassNames.LoadEntries(classes),
        LabelledLayouts = LabelledSources.Layouts,
    };
}
