using System.Globalization;
using System.Text.Json;

namespace Flip.Data.Formats;

/// <summary>
/// Finds the captions of a sample: <c>captions</c> of its <c>.json</c>, else its <c>.txt</c>, else <c>caption</c> of the
/// <c>.json</c>, else the class number of its <c>.cls</c> put into templates. Blank captions do not count.
/// </summary>
public sealed class CaptionReader
{
    private const int MaxJsonDepth = 64;

    private readonly IReadOnlyList<string>? _classNames;
    private readonly IReadOnlyList<string> _templates;

    /// <summary>A reader.</summary>
    /// <param name="classNames">Name of each class; null where classes have no names and a class number is no caption.</param>
    /// <param name="templates">Templates with <c>{c}</c> for the name; null takes the bare name.</param>
    public CaptionReader(IReadOnlyList<string>? classNames = null, IReadOnlyList<string>? templates = null)
    {
        _classNames = classNames;
        _templates = templates ?? [ClassTemplates.Placeholder];
        ArgumentOutOfRangeException.ThrowIfZero(_templates.Count, nameof(templates));
    }

    /// <summary>All captions of a sample, at least one; of a class, one for each template.</summary>
    /// <exception cref="BadSampleException">There is none, or what there is cannot be read.</exception>
    internal IReadOnlyList<string> Read(MemberReader members, SampleEntry sample)
    {
        IReadOnlyList<string>? several = null;
        IReadOnlyList<string>? single = null;
        if (sample.Json.IsPresent)
        {
            using var json = members.ReadSmall(sample.Json);
            (several, single) = ParseJson(json.Memory);
        }

        IReadOnlyList<string>? text = null;
        if (several is not { Count: > 0 } && sample.Text.IsPresent)
        {
            text = Kept([members.ReadText(sample.Text)]);
        }

        foreach (var captions in (ReadOnlySpan<IReadOnlyList<string>?>)[several, text, single])
        {
            if (captions is { Count: > 0 })
            {
                return captions;
            }
        }

        if (sample.Class.IsPresent && _classNames is not null)
        {
            return new ClassCaptions(_classNames[ReadLabel(members, sample, _classNames.Count)], _templates);
        }

        throw (several ?? text ?? single) is not null
            ? new BadSampleException("empty caption", "its captions are blank")
            : new BadSampleException("no caption", sample.Class.IsPresent
                ? "it has a class number, but no class names are configured"
                : "it has neither .txt, nor .json with 'captions' or 'caption', nor .cls");
    }

    /// <summary>The class number of a sample.</summary>
    /// <exception cref="BadSampleException">There is none, or it is no number in [0, classes).</exception>
    internal static int ReadLabel(MemberReader members, SampleEntry sample, int classes = int.MaxValue)
    {
        if (!sample.Class.IsPresent)
        {
            throw new BadSampleException("no class", "it has no .cls");
        }

        var text = members.ReadText(sample.Class).Trim();
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var label))
        {
            var shown = ShardReader.Printable(text.Length > 40 ? text[..40] + "..." : text);
            throw new BadSampleException("class not a number", $"its .cls says '{shown}' instead of a number");
        }

        return label >= 0 && label < classes
            ? label
            : throw new BadSampleException("class out of range", $"its class is {label}, and there are {classes} (0 to {classes - 1})");
    }

    /// <summary>What 'captions' and 'caption' hold; null for one that is missing or null.</summary>
    private static (IReadOnlyList<string>? Several, IReadOnlyList<string>? Single) ParseJson(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using var document = JsonDocument.Parse(
                MemberReader.WithoutMark(utf8), new JsonDocumentOptions { MaxDepth = MaxJsonDepth });
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? (Strings(document.RootElement, "captions"), Strings(document.RootElement, "caption"))
                : throw new BadSampleException("invalid json", "its .json is no object");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string that is no UTF-8 or half a surrogate pair.
            throw new BadSampleException("invalid json", $"its .json cannot be read: {e.Message}", e);
        }
    }

    private static List<string>? Strings(JsonElement json, string property)
    {
        if (!json.TryGetProperty(property, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return value.ValueKind switch
        {
            JsonValueKind.String => Kept([value.GetString()!]),
            JsonValueKind.Array when value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) =>
                Kept(value.EnumerateArray().Select(item => item.GetString()!)),
            _ => throw new BadSampleException("invalid json", $"'{property}' in its .json is neither text nor a list of texts"),
        };
    }

    private static List<string> Kept(IEnumerable<string> captions) =>
        captions.Where(caption => !string.IsNullOrWhiteSpace(caption)).Select(caption => caption.Trim()).ToList();
}
