using System.Globalization;
using Flip.Data.Classes;
using Flip.Randomness;

namespace Flip.Data.Shards;

/// <summary>
/// Finds the captions of a sample: <c>captions</c> of its <c>.json</c>, else its <c>.txt</c>, else <c>caption</c> of the
/// <c>.json</c>, else what texts a list of <c>captions</c> has beside other things, else the class number of its <c>.cls</c> put into templates.
/// Blank captions do not count, and what cannot be read costs nothing where another of these can.
/// </summary>
public sealed class CaptionReader
{
    /// <summary>The cause of captions whose bytes are in an encoding that nothing says.</summary>
    internal const string EncodingCause = "caption encoding";

    private readonly IReadOnlyList<string>? _classNames;
    private readonly IReadOnlyList<string> _templates;
    private readonly IReadOnlyList<CaptionField> _fields;

    /// <summary>A reader.</summary>
    /// <param name="classNames">Name of each class; null where classes have no names and a class number is no caption.</param>
    /// <param name="templates">Templates with <c>{c}</c> for the name; null takes the bare name.</param>
    /// <param name="fields">The places to draw captions from by their weights; null or none for the order above, all captions alike.</param>
    public CaptionReader(IReadOnlyList<string>? classNames = null, IReadOnlyList<string>? templates = null, IReadOnlyList<CaptionField>? fields = null)
    {
        _fields = fields ?? [];
        _classNames = classNames;
        _templates = templates ?? [ClassTemplates.Placeholder];
        ArgumentOutOfRangeException.ThrowIfZero(_templates.Count, nameof(templates));
    }

    /// <summary>All captions of a sample, at least one; of a class, one for each template.</summary>
    /// <exception cref="BadSampleException">There is none, or what there is cannot be read.</exception>
    internal IReadOnlyList<string> Read(MemberReader members, SampleEntry sample)
    {
        if (_fields.Count > 0)
        {
            return [.. ReadFields(members, sample).SelectMany(field => field.Captions)];
        }

        var (json, problem) = Try(sample.Json, member => ReadJson(members, member));
        problem ??= json?.Problem;
        if (json is { Several.Count: > 0, IsMixed: false })
        {
            return json.Several;
        }

        var (text, unread) = Try(sample.Text, member => Kept([members.ReadText(member, EncodingCause)]));
        foreach (var captions in (ReadOnlySpan<IReadOnlyList<string>?>)[text, json?.Single, json?.Several])
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

        throw unread ?? problem ?? ((text ?? json?.Single ?? json?.Several) is not null
            ? new BadSampleException("empty caption", "its captions are blank")
            : new BadSampleException("no caption", sample.Class.IsPresent
                ? "it has a class number, but no class names are configured"
                : "it has neither .txt, nor .json with 'captions' or 'caption', nor .cls"));
    }

    /// <summary>One caption of a sample by chance.</summary>
    /// <exception cref="BadSampleException">There is none, or what there is cannot be read.</exception>
    internal string Draw(MemberReader members, SampleEntry sample, CounterRandom random)
    {
        if (_fields.Count == 0)
        {
            var all = Read(members, sample);
            return all[random.NextInt(all.Count)];
        }

        var fields = ReadFields(members, sample);
        var left = random.NextDouble() * fields.Sum(field => field.Weight);
        var drawn = 0;
        while (drawn < fields.Count - 1 && left >= fields[drawn].Weight)
        {
            left -= fields[drawn++].Weight;
        }

        return fields[drawn].Captions[random.NextInt(fields[drawn].Captions.Count)];
    }

    /// <summary>The class number of a sample.</summary>
    /// <exception cref="BadSampleException">There is none, or it is no number in [0, classes).</exception>
    internal static int ReadLabel(MemberReader members, SampleEntry sample, int classes = int.MaxValue)
    {
        if (!sample.Class.IsPresent)
        {
            throw new BadSampleException("no class", "it has no .cls");
        }

        var text = members.ReadText(sample.Class, "class encoding").Trim();
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var label))
        {
            var shown = UnicodeName.Printable(text.Length > 40 ? text[..40] + "..." : text);
            throw new BadSampleException("class not a number", $"its .cls says '{shown}' instead of a number");
        }

        return label >= 0 && label < classes
            ? label
            : throw new BadSampleException("class out of range", $"its class is {label}, and there are {classes} (0 to {classes - 1})");
    }

    /// <summary>Captions without blanks around them, those that are blank left out.</summary>
    internal static List<string> Kept(IEnumerable<string> captions) =>
        captions.Where(caption => !string.IsNullOrWhiteSpace(caption)).Select(caption => caption.Trim()).ToList();

    /// <summary>The places that have captions, in the order of the configuration.</summary>
    private List<(IReadOnlyList<string> Captions, double Weight)> ReadFields(MemberReader members, SampleEntry sample)
    {
        var (found, problem) = (new List<(IReadOnlyList<string>, double)>(), default(BadSampleException));
        IReadOnlyDictionary<string, IReadOnlyList<string>>? json = null;
        foreach (var field in _fields)
        {
            var (captions, unread) = field.Name == CaptionField.Text
                ? Try(sample.Text, member => (IReadOnlyList<string>)Kept([members.ReadText(member, EncodingCause)]))
                : Try(sample.Json, member => (json ??= ReadFields(members, member)).GetValueOrDefault(field.Name));
            problem ??= unread;
            if (captions is { Count: > 0 })
            {
                found.Add((captions, field.Weight));
            }
        }

        return found.Count > 0 ? found : throw problem ?? new BadSampleException(
            "no caption", $"it has no caption in {string.Join(", ", _fields.Select(field => field.Name == CaptionField.Text ? ".txt" : $"'{field.Name}' of its .json"))}");
    }

    private IReadOnlyDictionary<string, IReadOnlyList<string>> ReadFields(MemberReader members, Member member)
    {
        using var bytes = members.ReadJson(member);
        return JsonCaptions.ReadFields(bytes.Memory, [.. _fields.Select(field => field.Name)]);
    }

    private static JsonCaptions ReadJson(MemberReader members, Member member)
    {
        using var bytes = members.ReadJson(member);
        return JsonCaptions.Read(bytes.Memory);
    }

    private static (T? Value, BadSampleException? Problem) Try<T>(Member member, Func<Member, T?> read)
        where T : class
    {
        try
        {
            return (member.IsPresent ? read(member) : null, null);
        }
        catch (BadSampleException e)
        {
            return (null, e);
        }
    }
}
