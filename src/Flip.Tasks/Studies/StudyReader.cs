using System.Text.Json;
using System.Text.Json.Serialization;
using Flip.Config;
using Flip.Io;

namespace Flip.Tasks.Studies;

/// <summary>Reads descriptions of studies: the paper's, which are built in, and the user's files. Unknown keys and values that do not fit together are errors.</summary>
public static class StudyReader
{
    private const string Extension = ".json";
    private const string Prefix = "study.";
    private const int MostCells = 10_000;
    private const int MostSeeds = 1000;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        AllowDuplicateProperties = false,
        AllowTrailingCommas = true,
        ReadCommentHandling = JsonCommentHandling.Skip,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    /// <summary>Names of the built-in studies.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        .. typeof(StudyReader).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Select(name => name[Prefix.Length..]).Order(StringComparer.Ordinal),
    ];

    /// <summary>A built-in study, or the one of a file.</summary>
    /// <param name="name">Its name, or a path that ends in <c>.json</c>.</param>
    /// <exception cref="ConfigException">There is none, or it is wrong; the message says what is.</exception>
    public static StudyDescription Open(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.EndsWith(Extension, StringComparison.OrdinalIgnoreCase))
        {
            try
            {
                return Read(Path.GetFileNameWithoutExtension(name), JsonInput.ReadText(name), name);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new ConfigException($"'{name}' cannot be read: {e.Message}");
            }
        }

        if (!Names.Contains(name, StringComparer.Ordinal))
        {
            throw new ConfigException($"study {name}: there is none; the built-in ones are {string.Join(", ", Names)}, and a file of your own ends in {Extension}.");
        }

        using var reader = new StreamReader(typeof(StudyReader).Assembly.GetManifestResourceStream(Prefix + name)!);
        return Read(name, reader.ReadToEnd(), name);
    }

    /// <summary>Reads a description.</summary>
    /// <param name="name">The study's name.</param>
    /// <param name="json">Its text.</param>
    /// <param name="origin">What to call it in messages.</param>
    /// <exception cref="ConfigException">Anything is wrong; it holds every problem.</exception>
    public static StudyDescription Read(string name, string json, string origin)
    {
        StudyDescription study;
        try
        {
            study = JsonSerializer.Deserialize<StudyDescription>(JsonInput.Checked(json), Json) ?? throw new JsonException("it is null");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new ConfigException($"{origin}: {e.Message.ReplaceLineEndings(" ")}");
        }

        study = study with { Name = name };
        var problems = Problems(study).ToList();
        return problems.Count == 0 ? study : throw new ConfigException([.. problems.Select(problem => $"{origin}: {problem}")]);
    }

    private static IEnumerable<string> Problems(StudyDescription study)
    {
        if (study.Axes.Count == 0 || study.Axes.Any(axis => axis.Values.Count < 2))
        {
            yield return "axes: there must be one or more, each with two or more values.";
            yield break;
        }

        if (study.Seeds is < 1 or > MostSeeds)
        {
            yield return $"seeds = {study.Seeds}: must be at least 1 and at most {MostSeeds}.";
        }

        if (study.Axes.Aggregate(1L, (cells, axis) => Math.Min(cells * axis.Values.Count, long.MaxValue / MostCells)) > MostCells)
        {
            yield return $"axes: more than {MostCells} combinations.";
        }

        var names = study.Axes.SelectMany(axis => axis.Values.Select(value => value.Name)).ToList();
        foreach (var twice in names.GroupBy(value => value).Where(same => same.Count() > 1).Select(same => same.Key))
        {
            yield return $"axes: two values are called '{twice}'.";
        }

        foreach (var unknown in study.Skip.SelectMany(skip => skip).Concat(study.Baseline).Concat(study.Published.SelectMany(cell => cell.Cell)).Distinct().Except(names))
        {
            yield return $"'{unknown}' is the name of no value.";
        }

        foreach (var cell in study.Published.Select(published => published.Cell).Append(study.Baseline).Where(cell => cell.Count > 0 && !IsCell(study, cell)))
        {
            yield return $"[{string.Join(", ", cell)}]: expected one value of each axis, in their order.";
        }

        if (study.LengthAxis is { } lengths && study.Axes.All(axis => axis.Name != lengths))
        {
            yield return $"lengthAxis = {lengths}: there is no axis of this name.";
        }

        foreach (var problem in study.Axes.SelectMany(axis => axis.Values).SelectMany(Problems))
        {
            yield return problem;
        }
    }

    private static bool IsCell(StudyDescription study, IReadOnlyList<string> cell) =>
        cell.Count == study.Axes.Count && cell.Zip(study.Axes).All(pair => pair.Second.Values.Any(value => value.Name == pair.First));

    private static IEnumerable<string> Problems(StudyValue value)
    {
        foreach (var (key, factor) in value.Multiply)
        {
            if (SettingNumber.Problem(key) is { } problem)
            {
                yield return $"'{value.Name}', multiply: {problem}";
            }
            else if (!(factor is > 0 and < 1e6))
            {
                yield return FormattableString.Invariant($"'{value.Name}', multiply {key} by {factor}: must be more than 0 and less than a million.");
            }
        }

        if (value.Data is not (null or (> 0 and <= 1)))
        {
            yield return FormattableString.Invariant($"'{value.Name}', data = {value.Data}: must be more than 0 and at most 1.");
        }

        if (value.Tune is { } tune && (tune.Length is not (null or (> 0 and <= 100)) || tune.Rate is not (null or (> 0 and <= 100))))
        {
            yield return FormattableString.Invariant($"'{value.Name}', tune: length and rate must be more than 0 and at most 100.");
        }
    }
}
