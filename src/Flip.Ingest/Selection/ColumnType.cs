using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Flip.Ingest.Selection;

/// <summary>
/// The type of a column of texts: the narrowest that holds every value as it is written. So <c>000120042</c> stays a text, and a number of 20 digits too. A row without a value changes nothing.
/// </summary>
internal sealed class ColumnType
{
    private const int MostExactDigits = 15;

    private static readonly SearchValues<char> Signs = SearchValues.Create("0123456789.eE+-");

    private bool _isEmpty = true;
    private bool _isWhole = true;
    private bool _isNumber = true;
    private bool _isTruth = true;
    private bool _isJson = true;

    /// <summary>DuckDB's name of the type.</summary>
    public string Sql => _isEmpty ? "VARCHAR" : _isWhole ? "BIGINT" : _isNumber ? "DOUBLE" : _isTruth ? "BOOLEAN" : _isJson ? "JSON" : "VARCHAR";

    /// <summary>Takes a value.</summary>
    /// <param name="text">The value as it is written.</param>
    /// <param name="kind">What it is in JSON; undefined in a table of texts alone.</param>
    public void Take(string text, JsonValueKind kind = JsonValueKind.Undefined)
    {
        if (!_isEmpty && !_isNumber && !_isTruth && !_isJson)
        {
            return; // a text already
        }

        _isEmpty = false;
        _isJson &= kind is JsonValueKind.Object or JsonValueKind.Array;
        _isTruth &= kind is JsonValueKind.True or JsonValueKind.False
            || (kind == JsonValueKind.Undefined && (text.Equals("true", StringComparison.OrdinalIgnoreCase) || text.Equals("false", StringComparison.OrdinalIgnoreCase)));
        _isNumber = _isNumber && kind is JsonValueKind.Number or JsonValueKind.Undefined && IsNumber(text);
        _isWhole = _isWhole && _isNumber && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && text.Equals(number.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
    }

    /// <summary>Whether a text is a number that is not told from another one by its zeros in front, nor has more digits than a number of 64 bits holds.</summary>
    private static bool IsNumber(string text)
    {
        if (text.Equals("nan", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        var digits = text.AsSpan(text.Length > 0 && text[0] is '-' or '+' ? 1 : 0);
        var isDecimal = digits.ContainsAny('.', 'e', 'E');
        var isLong = long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);
        return digits.Length > 0 && !digits.ContainsAnyExcept(Signs) && !(digits.Length > 1 && digits[0] == '0' && char.IsAsciiDigit(digits[1]))
            && (isDecimal || isLong || digits.Length <= MostExactDigits) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _);
    }
}
