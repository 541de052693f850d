using System.Text.Json;
using Flip.Config;
using Flip.Data.Formats;

namespace Flip.Evaluation.ZeroShot;

/// <summary>The texts that describe each class to a text tower: its name in templates, or prompts of its own.</summary>
public sealed class ClassPrompts
{
    private const int ProblemsShown = 5;

    private ClassPrompts(IReadOnlyList<string> classNames, IReadOnlyList<IReadOnlyList<string>> texts) =>
        (ClassNames, Texts) = (classNames, texts);

    /// <summary>Names in the order of the labels.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Texts of each class, <c>[classes][1 or more]</c>.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Texts { get; }

    /// <summary>Every name in every template.</summary>
    /// <param name="classNames">Names in the order of the labels.</param>
    /// <param name="templates">Texts with <c>{c}</c> for the name.</param>
    /// <exception cref="ConfigException">No classes, no templates, an empty name, or a template without <c>{c}</c>.</exception>
    public static ClassPrompts OfTemplates(IReadOnlyList<string> classNames, IReadOnlyList<string> templates)
    {
        ArgumentNullException.ThrowIfNull(classNames);
        ArgumentNullException.ThrowIfNull(templates);
        List<string> problems =
        [
            .. NameProblems(classNames),
            .. templates.Count == 0 ? ["There are no templates: the list is empty."] : Array.Empty<string>(),
            .. templates.Index()
                .Where(t => !t.Item.Contains(ClassTemplates.Placeholder, StringComparison.Ordinal))
                .Select(t => $"Template {t.Index + 1}, '{t.Item}', has no {ClassTemplates.Placeholder} for the name of the class."),
        ];
        return problems.Count > 0
            ? throw new ConfigException(problems)
            : new ClassPrompts(classNames, [.. classNames.Select(name => templates.Select(template => ClassTemplates.Render(template, name)).ToList())]);
    }

    /// <summary>
    /// Prompts written for each class, as CuPL's (arXiv 2209.03320): a JSON object from class name to a list of texts. Names are compared without
    /// regard to case where they are not found as they are; those of other classes are ignored, so one file serves subsets.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="classNames">Names in the order of the labels.</param>
    /// <exception cref="ConfigException">The file cannot be read, is of another form, or a class has no prompt in it.</exception>
    public static ClassPrompts OfFile(string path, IReadOnlyList<string> classNames)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(classNames);
        var written = Read(path);
        var anyCase = new Dictionary<string, List<string>>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, texts) in written)
        {
            anyCase.TryAdd(name.Trim(), texts);
        }

        var found = classNames.Select(name => written.GetValueOrDefault(name) ?? anyCase.GetValueOrDefault(name.Trim())).ToList();
        var without = classNames.Index().Where(c => found[c.Index] is not { Count: > 0 }).Select(c => $"'{c.Item}'").ToList();
        List<string> problems =
        [
            .. NameProblems(classNames),
            .. without.Count == 0 ? [] : new[]
            {
                $"Prompts '{path}': {without.Count} of {classNames.Count} classes have none, such as {string.Join(", ", without.Take(ProblemsShown))}.",
            },
        ];
        return problems.Count > 0 ? throw new ConfigException(problems) : new ClassPrompts(classNames, [.. found.Select(texts => texts!)]);
    }

    private static IEnumerable<string> NameProblems(IReadOnlyList<string> classNames) =>
    [
        .. classNames.Count == 0 ? ["There are no classes: the list of class names is empty."] : Array.Empty<string>(),
        .. classNames.Index().Where(c => string.IsNullOrWhiteSpace(c.Item)).Select(c => $"Class {c.Index} has an empty name."),
    ];

    private static Dictionary<string, List<string>> Read(string path)
    {
        try
        {
            var prompts = UserJson.Read<Dictionary<string, List<string>>>(path);
            return prompts.FirstOrDefault(entry => entry.Value is null || entry.Value.Any(string.IsNullOrWhiteSpace)) is { Key: { } name }
                ? throw new JsonException($"the class '{name}' has an empty prompt")
                : prompts;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new ConfigException($"Prompts '{path}' cannot be read: {e.Message} Expected an object from class name to a list of texts.");
        }
    }
}
