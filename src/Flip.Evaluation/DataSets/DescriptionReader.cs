using System.Text.Json;
using Flip.Data;
using Flip.Data.Classes;
using Flip.Data.Layouts;
using Flip.Evaluation.Metrics;
using Flip.Evaluation.Outcomes;
using Flip.Io;

namespace Flip.Evaluation.DataSets;

/// <summary>
/// Reads descriptions of data sets from JSON. Nothing is ignored: unknown keys, wrong types and what does not fit together are reported at once.
/// </summary>
internal sealed class DescriptionReader
{
    private static readonly JsonDocumentOptions Reading = new()
    {
        AllowTrailingCommas = true,
        CommentHandling = JsonCommentHandling.Skip,
        AllowDuplicateProperties = false,
    };

    private const int MostLayouts = 100; // the registry's sets have up to five

    private readonly List<string> _problems = [];
    private readonly string _origin;
    private readonly Func<string, string> _readFile;
    private readonly string? _folder;
    private readonly FolderBounds? _bounds;

    private DescriptionReader(string origin, Func<string, string> readFile)
    {
        (_origin, _readFile) = (origin, readFile);
    }

    private DescriptionReader(string origin, string folder, bool allowOutside)
    {
        (_origin, _folder, _bounds) = (origin, folder, allowOutside ? null : new FolderBounds(folder));
        _readFile = file => TextFile.Read(Inside(file));
    }

    /// <summary>Reads a description of ours.</summary>
    /// <param name="name">The data set's name where the description has none.</param>
    /// <param name="json">Its text.</param>
    /// <param name="origin">What to call it in messages.</param>
    /// <param name="readFile">The text of a file that it names; throws <see cref="IOException"/>.</param>
    /// <exception cref="ConfigException">Anything is wrong; it holds every problem.</exception>
    public static DataSetDescription Read(string name, string json, string origin, Func<string, string> readFile) =>
        Read(name, json, new DescriptionReader(origin, readFile));

    /// <summary>Reads a description that lies in a folder, perhaps a stranger's.</summary>
    /// <inheritdoc cref="Read(string, string, string, Func{string, string})"/>
    /// <param name="folder">What its paths are relative to, and lie in.</param>
    /// <param name="allowOutside">Whether they may lie outside.</param>
    public static DataSetDescription Read(string name, string json, string origin, string folder, bool allowOutside) =>
        Read(name, json, new DescriptionReader(origin, folder, allowOutside));

    private static DataSetDescription Read(string name, string json, DescriptionReader reader)
    {
        using var document = Parse(json, reader._origin);
        var description = reader.Read(name, new JsonFields(document.RootElement, $"{reader._origin}: ", reader._problems));
        return reader._problems.Count == 0 ? description
            : throw new ConfigException([.. reader._problems.Select(UnicodeName.Shown)]); // terminals can show them: they quote the description
    }

    private static JsonDocument Parse(string json, string origin)
    {
        try
        {
            var document = JsonDocument.Parse(JsonInput.Checked(json, JsonInput.MaxTable, Reading), Reading);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document
                : throw new ConfigException($"{origin}: must hold a JSON object that describes a data set.");
        }
        catch (JsonException e)
        {
            throw new ConfigException(UnicodeName.Shown($"{origin}: no valid JSON: {e.Message.ReplaceLineEndings(" ")}"));
        }
    }

    private DataSetDescription Read(string name, JsonFields fields)
    {
        var task = fields.OptionalChoice<DataSetTask>("task") ?? DataSetTask.Classification;
        var isRetrieval = task == DataSetTask.Retrieval;
        var layouts = fields.Objects("layouts");
        layouts = layouts.Count <= MostLayouts ? layouts : fields.Wrong<IReadOnlyList<JsonFields>>("layouts", $"at most {MostLayouts}", []);
        var description = new DataSetDescription
        {
            Name = fields.OptionalText("name") ?? name,
            Title = fields.OptionalText("title") ?? name,
            Task = task,
            Metric = fields.OptionalChoice<Metric>("metric") ?? Usual(task),
            Split = fields.OptionalText("split") ?? SplitNames.Test,
            TrainSplit = fields.OptionalText("trainSplit") ?? SplitNames.Train,
            Images = fields.OptionalNumber("images"),
            Classes = ReadClasses(fields),
            Templates = ReadTemplates(fields, isRetrieval),
            IgnoreOtherClasses = fields.Flag("ignoreOtherClasses"),
            Videos = fields.Flag("videos"),
            LabelledLayouts = isRetrieval ? [] : Known(layouts.Select(LayoutReader.Labelled), LabelledSources.Layouts),
            CaptionedLayouts = isRetrieval ? Known(layouts.Select(LayoutReader.Captioned), CaptionedSources.Layouts) : [],
            Results = [.. fields.Objects("results").Select(ReadResult)],
            Notes = fields.OptionalText("notes", mayBreak: true) ?? "",
            Data = fields.OptionalText("data") is { } data ? InFolder(data) : null,
            Folder = _bounds is null ? null : _folder,
        };
        fields.RefuseOthers();
        Check(description, fields);
        return description;
    }

    private static Metric Usual(DataSetTask task) => task switch
    {
        DataSetTask.Retrieval => Metric.Recall,
        DataSetTask.MultiLabel => Metric.ElevenPointMap,
        _ => Metric.Top1,
    };

    private static IReadOnlyList<T> Known<T>(IEnumerable<T?> layouts, IReadOnlyList<T> all)
        where T : DataLayout
    {
        var known = layouts.OfType<T>().ToList();
        return known.Count > 0 ? known : all;
    }

    private static ReferenceResult ReadResult(JsonFields fields)
    {
        var measure = fields.OptionalText("measure");
        var value = fields.Percent("value", measure == Metric.CiderD.Title() ? (int)(100 * Metric.CiderD.Most()) : 100);
        var result = new ReferenceResult(fields.Text("model"), value / 100, fields.Text("source"), measure);
        fields.RefuseOthers();
        return result;
    }

    /// <summary>A path, or a pattern of shards, relative to the description.</summary>
    private string InFolder(string path) => _folder is null ? path : Path.Combine(_folder, path);

    /// <summary>A path that is opened now.</summary>
    /// <exception cref="ConfigException">It lies outside.</exception>
    private string Inside(string path) => _bounds is null ? InFolder(path) : _bounds.Checked(InFolder(path));

    private IReadOnlyList<ClassEntry> ReadClasses(JsonFields fields) => fields.Find("classes") is { } classes
        ? new ClassListReader(_origin, _readFile, _problems).Read(classes)
        : [];

    private IReadOnlyList<string> ReadTemplates(JsonFields fields, bool isRetrieval)
    {
        if (fields.Find("templates") is not { } templates)
        {
            return isRetrieval ? [] : ClassTemplates.Flip7;
        }

        if (templates.ValueKind == JsonValueKind.String)
        {
            try
            {
                var named = templates.GetString()!;
                return ClassTemplates.Load(named is "flip7" or "clip80" ? named : Inside(named));
            }
            catch (ConfigException e)
            {
                _problems.AddRange(e.Problems.Select(problem => $"{_origin}: {problem}"));
                return [];
            }
        }

        var texts = JsonFields.TextsOf(templates);
        return texts is { Count: > 0 } && texts.All(text => text.Contains(ClassTemplates.Placeholder, StringComparison.Ordinal))
            ? texts
            : fields.Wrong<IReadOnlyList<string>>(
                "templates", $"flip7, clip80, a file, or a list of texts with {ClassTemplates.Placeholder} for the name of a class", []);
    }

    /// <summary>What must fit together.</summary>
    private static void Check(DataSetDescription description, JsonFields fields)
    {
        Metric[] fitting = description.Task switch
        {
            DataSetTask.Retrieval => [Metric.Recall],
            DataSetTask.MultiLabel => [Metric.ElevenPointMap],
            _ => [Metric.Top1, Metric.Top5, Metric.MeanPerClass, Metric.MeanTop1Top5, Metric.RocAuc],
        };
        if (!fitting.Contains(description.Metric))
        {
            fields.Wrong("metric", $"one of {string.Join(", ", fitting.Select(metric => Shown(metric)))} for the task {Shown(description.Task)}", 0);
        }

        if (description.Metric == Metric.RocAuc && description.Classes.Count != 2)
        {
            fields.Wrong("classes", "two for the metric rocAuc", 0);
        }

        if (description.Task == DataSetTask.Retrieval && (description.Classes.Count > 0 || description.Templates.Count > 0))
        {
            fields.Wrong("classes", "left out, and templates too, for the task retrieval", 0);
        }
    }

    private static string Shown(Enum value) => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());
}
