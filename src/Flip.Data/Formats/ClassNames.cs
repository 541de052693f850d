using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Flip.Config;

namespace Flip.Data.Formats;

/// <summary>
/// Reads the names of classes from JSON: a list, an object with such a list under <c>classes</c> or <c>names</c>, or an object
/// from class number to name. A name is a text, a list of synonyms (the first is taken), or an object with <c>name</c> or
/// <c>names</c> and perhaps its number as <c>label</c>.
/// </summary>
public static partial class ClassNames
{
    /// <summary>The name of each class, by number.</summary>
    /// <exception cref="ConfigException">The file is missing, is no JSON, or is of another form; the message names the place.</exception>
    public static IReadOnlyList<string> Load(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        try
        {
            using var document = JsonDocument.Parse(MemberReader.WithoutMark(File.ReadAllBytes(path)));
            return Parse(document.RootElement);
        }
        catch (Exception e) when (
            e is IOException or UnauthorizedAccessException or JsonException or FormatException or InvalidOperationException)
        {
            throw new ConfigException($"Class names '{path}' cannot be read: {e.Message}");
        }
    }

    private static List<string> Parse(JsonElement root)
    {
        if (root.ValueKind == JsonValueKind.Object)
        {
            return root.TryGetProperty("classes", out var inner) || root.TryGetProperty("names", out inner)
                ? Parse(inner)
                : InOrder(root.EnumerateObject().Select(
                    property => (ParseLabel(property.Name), ParseName(property.Value, $"'{property.Name}'"))));
        }

        return root.ValueKind == JsonValueKind.Array
            ? InOrder(root.EnumerateArray().Index().Select(
                item => (LabelOf(item.Item) ?? item.Index, ParseName(item.Item, $"entry {item.Index}"))))
            : throw new FormatException("expected a list, or an object with 'classes' or 'names', or an object from number to name.");
    }

    /// <summary>Every number from 0 must be there once.</summary>
    private static List<string> InOrder(IEnumerable<(int Label, string Name)> entries)
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

        return sorted.Count > 0 ? sorted.ConvertAll(entry => entry.Name) : throw new FormatException("there is no name in it.");
    }

    private static int ParseLabel(string key) =>
        int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var label)
            ? label
            : throw new FormatException($"the key '{key}' is no class number (0, 1, ...).");

    private static int? LabelOf(JsonElement item) => item.ValueKind == JsonValueKind.Object && item.TryGetProperty("label", out var label)
        ? label.GetInt32()
        : null;

    private static string ParseName(JsonElement item, string place)
    {
        var name = item.ValueKind switch
        {
            JsonValueKind.String => item.GetString(),
            // Keras' imagenet_class_index.json has [wnid, name].
            JsonValueKind.Array => item.EnumerateArray().Where(synonym => synonym.ValueKind == JsonValueKind.String)
                .Select(synonym => synonym.GetString()!).FirstOrDefault(synonym => !WordNetId().IsMatch(synonym)),
            JsonValueKind.Object when item.TryGetProperty("name", out var inner) || item.TryGetProperty("names", out inner) =>
                ParseName(inner, place),
            _ => null,
        };
        return string.IsNullOrWhiteSpace(name) ? throw new FormatException($"{place} has no name.") : name.Trim();
    }

    [GeneratedRegex(@"^n\d{8}$")]
    private static partial Regex WordNetId();
}
