using System.Text.Json;
using Flip.Data.Classes;
using Flip.Io;

namespace Flip.Evaluation.DataSets;

/// <summary>
/// Classes as descriptions write them: a list of names, or of names with what layouts call them (<c>["tench", "n01440764"]</c>); the name of a file
/// with such a list; or <c>{"file": ..., "only": [...]}</c>, which takes the classes of a file that are called so, in the file's order.
/// </summary>
internal sealed class ClassListReader(string origin, Func<string, string> readFile, List<string> problems)
{
    /// <summary>The classes; empty, with problems, for another form.</summary>
    public IReadOnlyList<ClassEntry> Read(JsonElement classes)
    {
        var before = problems.Count;
        var list = classes.ValueKind switch
        {
            JsonValueKind.String => OfFile(classes.GetString()!),
            JsonValueKind.Object => Subset(new JsonFields(classes, $"{origin}: classes.", problems)),
            _ => OfList(classes, "classes"),
        };
        if (list.Count == 0)
        {
            if (problems.Count == before)
            {
                problems.Add($"{origin}: classes: there is none.");
            }

            return [];
        }

        // A name may be there twice, as in ImageNet; what layouts call classes has to tell them apart.
        var names = list.Select(entry => entry.Name).ToHashSet();
        var alone = list.Where(entry => entry.Aliases.Count == 0).Select(entry => entry.Name).ToHashSet();
        problems.AddRange(new ClassTable(list).AmbiguousTexts()
            .Where(text => !names.Contains(text) || alone.Contains(text))
            .Select(text => $"{origin}: classes: '{text}' is two of them."));
        return list;
    }

    private List<ClassEntry> Subset(JsonFields fields)
    {
        var file = fields.Text("file");
        var only = fields.OptionalTexts("only");
        fields.RefuseOthers();
        var all = file.Length > 0 ? OfFile(file) : [];
        if (only is null || all.Count == 0)
        {
            return all;
        }

        var table = new ClassTable(all);
        var numbers = only.Select(text => (text, Number: table.Find(text))).ToList();
        problems.AddRange(numbers.Where(found => found.Number is null).Select(found => $"{fields.Place}only: '{found.text}' is no class of {file}."));
        return [.. numbers.Select(found => found.Number).OfType<int>().Distinct().Order().Select(number => all[number])];
    }

    private List<ClassEntry> OfFile(string file)
    {
        try
        {
            using var document = JsonDocument.Parse(JsonInput.Checked(readFile(file), JsonInput.MaxTable));
            return OfList(document.RootElement, file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or JsonException or ConfigException)
        {
            problems.Add($"{origin}: classes: '{file}' cannot be read: {e.Message.ReplaceLineEndings(" ")}");
            return [];
        }
    }

    private List<ClassEntry> OfList(JsonElement list, string what)
    {
        var entries = list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().Select(Entry).ToList() : [null];
        var bad = entries.IndexOf(null);
        if (bad >= 0)
        {
            problems.Add($"{origin}: {what}: entry {bad} must be a name, or a list of a name and what layouts call the class, without control characters.");
            return [];
        }

        return [.. entries.Select(entry => entry!)];
    }

    private static ClassEntry? Entry(JsonElement item)
    {
        var texts = item.ValueKind == JsonValueKind.String ? (IReadOnlyList<string>)[item.GetString()!] : JsonFields.TextsOf(item);
        return texts is { Count: > 0 } && texts.All(text => !string.IsNullOrWhiteSpace(text) && !text.Any(char.IsControl)) ? new ClassEntry(texts[0], [.. texts.Skip(1)]) : null;
    }
}
