using System.Globalization;
using System.Text.Json;

namespace Flip.Ingest.Tables;

/// <summary>A row of a table.</summary>
public sealed class TableRow
{
    private readonly object?[] _values;
    private readonly string _where;

    /// <summary>A row.</summary>
    /// <param name="index">Its number in the table, from 0.</param>
    /// <param name="file">The file that it is in.</param>
    /// <param name="where">Its line or row there, for messages.</param>
    /// <param name="values">By column: null, a text, a number, a truth value, a <see cref="JsonElement"/>, bytes, or a list of such.</param>
    internal TableRow(long index, string file, string where, object?[] values) => (Index, File, _where, _values) = (index, file, where, values);

    private TableRow(long index, string file, string where, string problem)
        : this(index, file, where, []) => Problem = problem;

    /// <summary>A row that cannot be read.</summary>
    internal static TableRow Bad(long index, string file, string where, string problem) => new(index, file, where, problem);

    /// <summary>The row as one of a longer table.</summary>
    /// <param name="before">Rows before its own table.</param>
    /// <param name="places">Which of its columns are the longer table's; below zero for one that it lacks.</param>
    internal TableRow In(long before, int[] places) =>
        Problem is null ? new(before + Index, File, _where, Array.ConvertAll(places, Value)) : new(before + Index, File, _where, Problem);

    /// <summary>Its number in the table, from 0.</summary>
    public long Index { get; }

    /// <summary>The file that it is in.</summary>
    public string File { get; }

    /// <summary>Its file and its line or row there, from 1: <c>list.csv, line 3</c>.</summary>
    public string Place => $"{File}, {_where}";

    /// <summary>Why it cannot be read; null where it can. It has no values then.</summary>
    public string? Problem { get; }

    /// <summary>A value as text: of a number as it is written, of a list the first. Null where there is none, or the value is bytes or an object.</summary>
    public string? Text(int column) => TextOf(Value(column));

    /// <summary>The values of a list as texts, those that are none left out; of any other value the one text.</summary>
    public IReadOnlyList<string> Texts(int column) => Value(column) switch
    {
        JsonElement { ValueKind: JsonValueKind.Array } list => [.. list.EnumerateArray().Select(item => TextOf(item)).OfType<string>()],
        object?[] list => [.. list.Select(TextOf).OfType<string>()],
        var value => TextOf(value) is { } text ? [text] : [],
    };

    /// <summary>A value's bytes; empty where it has none.</summary>
    public ReadOnlyMemory<byte> Bytes(int column) => Value(column) is byte[] bytes ? bytes : default;

    /// <summary>A value as JSON; null where there is none, or where it is bytes.</summary>
    public JsonElement? Json(int column)
    {
        try
        {
            return Value(column) switch
            {
                null or byte[] => null,
                JsonElement json => json,
                float or double => Number(Convert.ToDouble(Value(column), CultureInfo.InvariantCulture), Value(column)!),
                var value => JsonSerializer.SerializeToElement(value, value.GetType()),
            };
        }
        catch (NotSupportedException)
        {
            return null; // of a kind that JSON has no form for
        }
    }

    private static JsonElement? Number(double number, object value) => double.IsFinite(number) ? JsonSerializer.SerializeToElement(value, value.GetType()) : null;

    private object? Value(int column) => column >= 0 && column < _values.Length ? _values[column] : null;

    private static string? TextOf(object? value) => value switch
    {
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } json => StringOf(json),
        JsonElement { ValueKind: JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False } json => json.GetRawText(),
        JsonElement { ValueKind: JsonValueKind.Array } json => json.EnumerateArray().Select(item => TextOf(item)).FirstOrDefault(text => text is not null),
        object?[] list => list.Select(TextOf).FirstOrDefault(text => text is not null),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        bool truth => truth ? "true" : "false",
        _ => null,
    };

    /// <summary>A string; null where it has half of a surrogate pair.</summary>
    private static string? StringOf(JsonElement json)
    {
        try
        {
            return json.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
