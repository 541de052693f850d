using System.Text;
using System.Text.Json;
using Flip.Data;
using Flip.Data.Files;
using Flip.Io;

namespace Flip.Ingest.Tables;

/// <summary>An object of JSON a line. The file is read once when it is opened, which counts its lines and finds the names of all fields. Blank lines do not count.</summary>
internal sealed class JsonLinesTable : ITable
{
    private const int MostColumns = 4096;

    private readonly List<string> _columns = [];
    private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);

    private JsonLinesTable(string path) => Name = path;

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Columns => _columns;

    /// <inheritdoc/>
    public long Count { get; private set; }

    /// <summary>Opens a file.</summary>
    /// <exception cref="ConfigException">It cannot be read, has no line, or no object in any.</exception>
    public static JsonLinesTable Open(string path, CancellationToken cancellation)
    {
        var table = new JsonLinesTable(path);
        try
        {
            foreach (var (_, line) in table.Lines())
            {
                cancellation.ThrowIfCancellationRequested();
                table.Count++;
                table.AddNames(line);
            }
        }
        catch (InvalidDataException e)
        {
            throw new ConfigException($"'{path}' cannot be read: {e.Message}");
        }

        return table.Count == 0 ? throw new ConfigException($"'{path}' has no line{TextLines.EmptyHint(path)}.")
            : table.Columns.Count == 0 ? throw new ConfigException($"'{path}' has no JSON object in any of its {table.Count} lines.")
            : table;
    }

    /// <inheritdoc/>
    public IEnumerable<TableRow> Read(IReadOnlyCollection<int>? columns = null, long first = 0, CancellationToken cancellation = default)
    {
        var index = 0L;
        foreach (var (number, line) in Lines())
        {
            cancellation.ThrowIfCancellationRequested();
            if (index >= first)
            {
                yield return Row(index, FormattableString.Invariant($"line {number}"), line);
            }

            index++;
        }
    }

    private IEnumerable<(long Number, string Line)> Lines()
    {
        using var text = TableText.Open(Name);
        foreach (var (number, line) in TextFile.Lines(text, Name).Index())
        {
            if (line.Trim().Length > 0)
            {
                yield return (number + 1, line);
            }
        }
    }

    private void AddNames(string line)
    {
        var json = new Utf8JsonReader(UserJson.Standard(Encoding.UTF8.GetBytes(line)).Span, UserJson.ReaderOptions);
        try
        {
            for (var isObject = json.Read() && json.TokenType == JsonTokenType.StartObject; isObject && json.Read() && json.TokenType == JsonTokenType.PropertyName;)
            {
                var name = json.GetString()!;
                if (_places.TryAdd(name, _columns.Count))
                {
                    _columns.Add(_columns.Count < MostColumns ? name : throw new ConfigException($"'{Name}' has more than {MostColumns} names of fields."));
                }

                json.Skip();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The row says so when it is read.
        }
    }

    private TableRow Row(long index, string where, string line)
    {
        if (TextFile.IsBroken(line))
        {
            return TableRow.Bad(index, Name, where, $"the text {TextFile.Problem}");
        }

        try
        {
            using var document = UserJson.Parse(line);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return TableRow.Bad(index, Name, where, "it is no JSON object");
            }

            var values = new object?[Columns.Count];
            foreach (var field in document.RootElement.Clone().EnumerateObject())
            {
                if (_places.TryGetValue(field.Name, out var column) && field.Value.ValueKind != JsonValueKind.Null)
                {
                    values[column] = field.Value;
                }
            }

            return new TableRow(index, Name, where, values);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a name with half of a surrogate pair.
            return TableRow.Bad(index, Name, where, $"it is no JSON: {e.Message}");
        }
    }
}
