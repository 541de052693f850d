using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Flip.Server.Requests;

/// <summary>The fields of a request, read one by one. What is wrong is gathered, and all of it is told at once by <see cref="End"/>, with what nobody asked for.</summary>
/// <param name="fields">The object.</param>
/// <param name="isForm">Values are texts, as forms and addresses have them: numbers are read from text, and one value is a list too.</param>
internal sealed class RequestFields(JsonElement fields, bool isForm = false)
{
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);

    /// <summary>What is wrong so far.</summary>
    public List<FieldProblem> Problems { get; } = [];

    /// <summary>The place of a field, or of an item of its list.</summary>
    public static string Pointer(string name, int? item = null) => item is null
        ? $"#/{name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}"
        : string.Create(CultureInfo.InvariantCulture, $"#/{name}/{item}");

    /// <summary>A field as it is; null where it is absent or null.</summary>
    public JsonElement? Value(string name)
    {
        _asked.Add(name);
        return fields.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    /// <summary>A text; null where it is absent.</summary>
    public string? Text(string name, int maxLength) => Value(name) is { } value ? TextOf(value, Pointer(name), maxLength) : null;

    /// <summary>A whole number.</summary>
    public int Number(string name, int least, int most, int otherwise)
    {
        if (Value(name) is not { } value)
        {
            return otherwise;
        }

        var isNumber = value.ValueKind == JsonValueKind.Number ? value.TryGetInt32(out var number)
            : int.TryParse(isForm && value.ValueKind == JsonValueKind.String ? value.GetString() : "", NumberStyles.None, CultureInfo.InvariantCulture, out number);
        if (isNumber && number >= least && number <= most)
        {
            return number;
        }

        Add(Pointer(name), FormattableString.Invariant($"Expected a whole number from {least} to {most}."));
        return otherwise;
    }

    /// <summary>One of some words.</summary>
    public string Choice(string name, IReadOnlyList<string> words, string otherwise)
    {
        if (Text(name, int.MaxValue) is not { } text || words.Contains(text))
        {
            return Text(name, int.MaxValue) ?? otherwise;
        }

        Add(Pointer(name), $"Expected one of {string.Join(", ", words)}.");
        return otherwise;
    }

    /// <summary>A list of texts; null where it is absent.</summary>
    public IReadOnlyList<string>? Texts(string name, int most, int maxLength)
    {
        if (Value(name) is not { } value)
        {
            return null;
        }

        if (isForm && value.ValueKind == JsonValueKind.String)
        {
            return TextOf(value, Pointer(name), maxLength) is { } one ? [one] : [];
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            Add(Pointer(name), "Expected a list of texts.");
            return [];
        }

        if (!IsCount(value.GetArrayLength(), most, name, "texts"))
        {
            return [];
        }

        var texts = value.EnumerateArray().Index().Select(item => TextOf(item.Item, Pointer(name, item.Index), maxLength)).ToList();
        return texts.Contains(null) ? [] : [.. texts.Select(text => text!)];
    }

    /// <summary>A list of numbers; null where it is absent.</summary>
    /// <param name="name">The field.</param>
    /// <param name="most">Numbers at most; one at least.</param>
    /// <param name="expected">What each has to be, for messages.</param>
    /// <param name="isFit">Whether a number is that.</param>
    public IReadOnlyList<double>? Numbers(string name, int most, string expected, Func<double, bool> isFit)
    {
        if (Value(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Array && !isForm)
        {
            Add(Pointer(name), "Expected a list of numbers.");
            return [];
        }

        JsonElement[] items = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];
        if (!IsCount(items.Length, most, name, "numbers"))
        {
            return [];
        }

        var numbers = new List<double>();
        foreach (var (place, item) in items.Index())
        {
            var isNumber = item.ValueKind == JsonValueKind.Number ? item.TryGetDouble(out var number)
                : double.TryParse(isForm && item.ValueKind == JsonValueKind.String ? item.GetString() : "", NumberStyles.Float, CultureInfo.InvariantCulture, out number);
            if (isNumber && isFit(number))
            {
                numbers.Add(number);
            }
            else
            {
                Add(value.ValueKind == JsonValueKind.Array ? Pointer(name, place) : Pointer(name), $"Expected {expected}.");
            }
        }

        return numbers;
    }

    /// <summary>A text that is not blank, of bounded length; null where it is none, which is noted.</summary>
    public string? TextOf(JsonElement value, string pointer, int maxLength)
    {
        var text = value.ValueKind == JsonValueKind.String ? value.GetString()! : null;
        if (text is null)
        {
            Add(pointer, "Expected a text.");
        }
        else if (text.Length > maxLength)
        {
            Add(pointer, FormattableString.Invariant($"A text has at most {maxLength:N0} characters, and this one has {text.Length:N0}."));
        }
        else if (string.IsNullOrWhiteSpace(text))
        {
            Add(pointer, "The text is blank.");
        }
        else
        {
            return text;
        }

        return null;
    }

    /// <summary>Whether a list has at least one item and not too many; what it has else is noted.</summary>
    public bool IsCount(int count, int most, string name, string what)
    {
        if (count >= 1 && count <= most)
        {
            return true;
        }

        Add(Pointer(name), FormattableString.Invariant($"Expected 1 to {most:N0} {what}, and there are {count:N0}."));
        return false;
    }

    /// <summary>Notes a problem.</summary>
    public void Add(string pointer, string detail) => Problems.Add(new FieldProblem(pointer, detail));

    /// <summary>Ends the reading.</summary>
    /// <exception cref="RequestException">Something was wrong, or nobody asked for a field.</exception>
    public void End()
    {
        const int Shown = 20;
        foreach (var field in fields.EnumerateObject().Where(field => !_asked.Contains(field.Name)).Take(Shown))
        {
            var name = field.Name.Length > 100 ? field.Name[..100] : field.Name;
            Add(Pointer(name), $"Unknown field; known are {string.Join(", ", _asked.Order(StringComparer.Ordinal))}.");
        }

        if (Problems.Count > 0)
        {
            throw new RequestException(StatusCodes.Status400BadRequest, "The request cannot be used", [.. Problems.Take(Shown)]);
        }
    }
}
