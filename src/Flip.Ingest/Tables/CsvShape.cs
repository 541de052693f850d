using CsvHelper;

namespace Flip.Ingest.Tables;

/// <summary>How a text of columns is to be read, as its first line tells.</summary>
/// <param name="Separator">What divides the columns.</param>
/// <param name="HasHeader">Whether the first line names them.</param>
/// <param name="Columns">Their names, or their numbers from 0.</param>
internal sealed record CsvShape(char Separator, bool HasHeader, IReadOnlyList<string> Columns)
{
    private const string Separators = ",;\t|";

    /// <summary>Finds the shape.</summary>
    /// <param name="path">The file, whose name may say what divides it.</param>
    /// <param name="line">Its first line that is not blank.</param>
    /// <param name="named">Names of columns that the user named.</param>
    public static CsvShape Of(string path, string line, IReadOnlyList<string> named)
    {
        var isTab = TableText.PlainName(path).EndsWith(".tsv", StringComparison.OrdinalIgnoreCase);
        var separators = isTab ? "\t" + Separators : Separators;
        var divided = separators.Select(separator => (Separator: separator, Fields: Fields(line, separator))).ToList();
        var header = divided.Where(candidate => IsHeader(candidate.Fields, named)).OrderByDescending(candidate => candidate.Fields.Count).FirstOrDefault();
        if (header.Fields is not null)
        {
            return new CsvShape(header.Separator, true, Distinct(header.Fields));
        }

        var (chosen, fields) = divided.Find(candidate => candidate.Fields.Count > 1) is { Fields: not null } several ? several : divided[0];
        return new CsvShape(chosen, false, [.. Enumerable.Range(0, Math.Max(1, fields.Count)).Select(column => FormattableString.Invariant($"{column}"))]);
    }

    /// <summary>A line with an address or an image's name in it is a row, whatever else it says.</summary>
    private static bool IsHeader(List<string> fields, IReadOnlyList<string> named) =>
        fields.Exists(field => ColumnNames.Find([field], named) >= 0)
        || (fields.Exists(ColumnNames.IsKnown) && !fields.Exists(field => field.Contains("://", StringComparison.Ordinal) || Path.GetExtension(field).Length is > 3 and < 6));

    private static List<string> Fields(string line, char separator)
    {
        using var csv = CsvReader.FromText(line, new CsvReaderOptions { Separator = separator, HasHeader = false });
        return csv.Read() ? [.. Enumerable.Range(0, csv.FieldCount).Select(field => csv.GetString(field).Trim())] : [];
    }

    /// <summary>A name that is there twice gets a number, and one without letters its place.</summary>
    private static List<string> Distinct(List<string> names)
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        return [.. names.Select((name, column) => Free(name.Length > 0 ? name : FormattableString.Invariant($"{column}"), taken))];
    }

    private static string Free(string name, HashSet<string> taken)
    {
        var free = name;
        for (var number = 2; !taken.Add(free); number++)
        {
            free = FormattableString.Invariant($"{name}.{number}");
        }

        return free;
    }
}
