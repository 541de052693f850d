using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Flip.Data.Classes;

/// <summary>
/// Reads the names of classes from JSON: a list, an object with such a list under <c>classes</c> or <c>names</c>, or an object
/// from class number to name. A name is a text, a list of synonyms (the first is taken), or an object with <c>name</c> or
/// <c>names</c> and perhaps its number as <c>label</c>.
/// </summary>
public static partial class ClassNames
{
    /// <summary>The name of each class, by number.</summary>
    /// <exception cref="ConfigException">The file is missing, is no JSON, or is of another form; the message names the place.</exception>
    public static IReadOnlyList<string> Load(string path) => Read(path, root => Parse(root).ConvertAll(entry => entry.Name));

    /// <summary>
    /// The classes by number with what else the file calls them, which may be the names of folders: synonyms, WordNet numbers, or the keys of an object
    /// from folder to name, in the file's order.
    /// </summary>
    /// <exception cref="ConfigException">As <see cref="Load"/>.</exception>
    public static IReadOnlyList<ClassEntry> LoadEntries(string path) => Read(path, root => ParseFolders(root) ?? Parse(root));

    private static T Read<T>(string path, Func<JsonElement, T> parse)
    {
        ArgumentNullException.ThrowIfNull(path);
        try
        {
            using var document = UserJson.Read(path);
            return parse(document.RootElement);
        }
        catch (Exception e) when (
            e is IOException or UnauthorizedAccessException or JsonException or FormatException or InvalidOperationException)
        {
            throw new ConfigException($"Class names '{path}' cannot be read: {e.Message}");
        }
    }

    /// <summary>An object from folder to name; null for another form.</summary>
    private static List<ClassEntry>? ParseFolders(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object || root.TryGetProperty("classes", out _) || root.TryGetProperty("names", out _))
        {
            return null;
        }

        var classes = new List<ClassEntry>();
        foreach (var property in root.EnumerateObject())
        {
            if (int.TryParse(property.Name, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            {
                return null;
            }

            var entry = ParseEntry(property.Value, $"'{property.Name}'");
            classes.Add(entry with { Aliases = [property.Name, .. entry.Aliases] });
        }

        return classes.Count > 0 ? classes : null;
    }

    private static List<ClassEntry> Parse(JsonElement root)
    {
        if (root.ValueKind == JsonValueKind.Object)
        {
            return root.TryGetProperty("classes", out var inner) || root.TryGetProperty("names", out inner)
                ? Parse(inner)
                : InOrder(root.EnumerateObject().Select(
                    property => (ParseLabel(property.Name), ParseEntry(property.Value, $"'{property.Name}'"))));
        }

        return root.ValueKind == JsonValueKind.Array
            ? InOrder(root.EnumerateArray().Index().Select(
                item => (LabelOf(item.Item) ?? item.Index, ParseEntry(item.Item, $"entry {item.Index}"))))
            : throw new FormatException("expected a list, or an object with 'classes' or 'names', or an object from number to name.");
    }

    /// <summary>Every number from 0 must be there once.</summary>
    private static List<ClassEntry> InOrder(IEnumerable<(int Label, ClassEntry Class)> entries)
    {
        var sorted = entries.OrderBy(entry => entry.Label).ToList();
        foreach (var (expected, entry) in sorted.Index())
        {
            if (entry.Label != expected)
            {
                throw new FormatException(entry.Label < expected
                    ? $"class {entry.Label} is there twice or negative."
                    : $"class {expected} is missing ({sorted.Count} names, numbers must run from 0).");
            }
        }

        return sorted.Count > 0 ? sorted.ConvertAll(entry => entry.Class) : throw new FormatException("there is no name in it.");
    }

    private static int ParseLabel(string key) =>
        int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var label)
            ? label
            : throw new FormatException($"the key '{key}' is no class number (0, 1, ...).");

    private static int? LabelOf(JsonElement item) => item.ValueKind == JsonValueKind.Object && item.TryGetProperty("label", out var label)
        ? label.GetInt32()
        : null;

    private static ClassEntry ParseEntry(JsonElement item, string place)
    {
        List<string> texts = item.ValueKind switch
        {
            JsonValueKind.String => [item.GetString()!],
            JsonValueKind.Array => [.. item.EnumerateArray().Where(synonym => synonym.ValueKind == JsonValueKind.String).Select(synonym => synonym.GetString()!)],
            JsonValueKind.Object when item.TryGetProperty("name", out var inner) || item.TryGetProperty("names", out inner) =>
                ParseEntry(inner, place) is var entry ? [entry.Name, .. entry.Aliases] : [],
            _ => [],
        };

        // Keras' imagenet_class_index.json has [wnid, name].
        var name = texts.Find(synonym => !(item.ValueKind == JsonValueKind.Array && WordNetId().IsMatch(synonym)));
        return string.IsNullOrWhiteSpace(name)
            ? throw new FormatException($"{place} has no name.")
            : new ClassEntry(UnicodeName.Printable(name.Trim()), [.. texts.Where(text => text != name)]);
    }

    [GeneratedRegex(@"^n\d{8}$")]
    private static partial Regex WordNetId();
}
