using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Flip.Data;
using Flip.Data.Classes;
using Flip.Tokenizers;

namespace Flip.Evaluation.ZeroShot;

/// <summary>The texts that describe each class to a text tower: its name in templates, or prompts of its own.</summary>
public sealed class ClassPrompts
{
    private const int ProblemsShown = 5;

    /// <summary>Prompts of all classes; ImageNet-21k with CLIP's 80 templates has 1.7 million.</summary>
    private const long MostPrompts = 1 << 23;

    /// <summary>Characters of all prompts, 512 MB.</summary>
    private const long MostCharacters = 1 << 28;

    private static readonly JsonSerializerOptions Reading = new() { AllowDuplicateProperties = false }; // the last one would win

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
            .. SizeProblems(classNames, templates),
        ];
        return problems.Count > 0
            ? throw new ConfigException(problems)
            : new ClassPrompts(classNames, [.. classNames.Select(name => templates.Select(template => ClassTemplates.Render(template, name)).ToList())]);
    }

    /// <summary>
    /// Prompts written for each class, as CuPL's (arXiv 2209.03320): a JSON object from class name to a list of texts. Names are compared as those of
    /// folders are (<see cref="ClassTable"/>); those of other classes are ignored, so one file serves subsets.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="classNames">Names in the order of the labels.</param>
    /// <exception cref="ConfigException">The file cannot be read, is of another form, or a class has no prompt in it.</exception>
    public static ClassPrompts OfFile(string path, IReadOnlyList<string> classNames)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(classNames);
        var written = Read(path);
        var table = new ClassTable(ClassEntry.OfNames(written.Keys));
        var found = classNames.Select(name => table.Find(name) is { } number ? written[table.Names[number]] : null).ToList();
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

    /// <summary>The classes that a classifier of these texts cannot tell from an earlier one: all of their prompts are the same tokens, since the names are
    /// the same, or are to a vocabulary without case or without their letters, or begin to differ behind the longest text.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="length">Tokens of the model's texts.</param>
    /// <returns>By the number of the later class that of the first like it.</returns>
    public IReadOnlyDictionary<int, int> Repeated(ITokenizer tokenizer, int length)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        var firstOf = new Dictionary<string, int>(StringComparer.Ordinal);
        var repeated = new Dictionary<int, int>();
        var row = new int[length];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256); // of the tokens, of which there are many
        foreach (var (number, texts) in Texts.Index())
        {
            foreach (var text in texts)
            {
                tokenizer.EncodeRow(text, row);
                hash.AppendData(MemoryMarshal.AsBytes(row.AsSpan()));
            }

            var tokens = Convert.ToHexStringLower(hash.GetHashAndReset());
            if (!firstOf.TryAdd(tokens, number))
            {
                repeated.Add(number, firstOf[tokens]);
            }
        }

        return repeated;
    }

    /// <summary>What a reader of figures should know of <see cref="Repeated"/> classes; null where there are none.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="length">Tokens of the model's texts.</param>
    /// <param name="labels">The right classes of the images.</param>
    public string? NoteOfRepeated(ITokenizer tokenizer, int length, IEnumerable<int> labels)
    {
        var repeated = Repeated(tokenizer, length);
        if (repeated.Count == 0)
        {
            return null;
        }

        var (later, first) = repeated.First();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{repeated.Count} of {ClassNames.Count} classes have the prompts of an earlier one, to this model's tokenizer: {later} '{ClassNames[later]}' those of {first} '{ClassNames[first]}'"
            + $"{(repeated.Count > 1 ? " and others" : "")}. They score alike and the earlier one comes first, so the {labels.Count(repeated.ContainsKey)} images of the later are counted as wrong in top-1.");
    }

    /// <summary>Few names and few templates can make more prompts than memory holds; they are counted before they are made.</summary>
    private static IEnumerable<string> SizeProblems(IReadOnlyList<string> classNames, IReadOnlyList<string> templates)
    {
        var places = templates.Sum(template => (long)template.AsSpan().Count(ClassTemplates.Placeholder));
        var (prompts, characters) = (
            (double)classNames.Count * templates.Count,
            ((double)classNames.Count * templates.Sum(template => (long)template.Length)) + ((double)places * classNames.Sum(name => (long)name.Length)));
        return prompts <= MostPrompts && characters <= MostCharacters ? [] : [FormattableString.Invariant(
            $"{classNames.Count:N0} classes in {templates.Count:N0} templates are {prompts:N0} prompts of {characters:N0} characters; at most {MostPrompts:N0} of {MostCharacters:N0} are made.")];
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
            var prompts = UserJson.Read<Dictionary<string, List<string>>>(path, Reading);
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
