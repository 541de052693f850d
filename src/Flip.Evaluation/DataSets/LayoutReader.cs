using System.Text.RegularExpressions;
using Flip.Data.Layouts;

namespace Flip.Evaluation.DataSets;

/// <summary>Layouts as descriptions write them: an object with <c>kind</c>, <c>at</c> (folders in which it may begin) and what the kind needs.</summary>
internal static class LayoutReader
{
    private const int LongestPattern = 1000;

    private static readonly string[] Kinds =
        ["folders", "list", "webDataset", "shards", "cifar", "idx", "stl10", "voc", "clevr"];

    private static readonly string[] CaptionKinds = ["webDataset", "shards", "karpathy", "coco", "captionList"];

    /// <summary>A layout of labelled images; null, with a problem, for another thing.</summary>
    public static LabelledLayout? Labelled(JsonFields fields)
    {
        var kind = fields.Text("kind");
        LabelledLayout? layout = kind switch
        {
            "folders" => new ClassFolders(),
            "list" => List(fields),
            "webDataset" => new LabelledWebDataset(),
            "shards" => new LabelledShards(),
            "cifar" => new CifarFiles(),
            "idx" => new IdxFiles(),
            "stl10" => new StlFiles(),
            "voc" => new VocFolder(),
            "clevr" => new ClevrScenes(),
            _ => null,
        };
        return Finished(layout, fields, kind, Kinds);
    }

    /// <summary>A layout of captioned images; null, with a problem, for another thing.</summary>
    public static CaptionedLayout? Captioned(JsonFields fields)
    {
        var kind = fields.Text("kind");
        CaptionedLayout? layout = kind switch
        {
            "webDataset" => new CaptionedWebDataset(),
            "shards" => new CaptionedShards(),
            "karpathy" => new KarpathyCaptions(fields.Text("file")) is var karpathy && fields.OptionalTexts("images") is { } images
                ? karpathy with { Images = images }
                : karpathy,
            "coco" => new CocoCaptions(fields.Text("file")) is var coco && fields.OptionalTexts("images") is { } images
                ? coco with { Images = images }
                : coco,
            "captionList" => new CaptionList(fields.Text("file")) is var list && fields.OptionalTexts("images") is { } images
                ? list with { Images = images }
                : list,
            _ => null,
        };
        return Finished(layout, fields, kind, CaptionKinds);
    }

    private static T? Finished<T>(T? layout, JsonFields fields, string kind, string[] kinds)
        where T : DataLayout
    {
        var at = fields.OptionalTexts("at");
        if (layout is null)
        {
            return kind.Length > 0 ? fields.Wrong<T?>("kind", $"one of {string.Join(", ", kinds)}", null) : null;
        }

        fields.RefuseOthers();
        return at is { Count: > 0 } ? layout with { At = at } : layout;
    }

    private static LabelList List(JsonFields fields)
    {
        var pattern = fields.OptionalText("pattern", mayBreak: true);
        if (pattern is not null && !IsPattern(pattern))
        {
            fields.Wrong("pattern", $"a regular expression of up to {LongestPattern} characters, without look-around, with the groups 'image' and 'class' or 'number'", 0);
        }

        return new LabelList(fields.Text("file"))
        {
            Images = fields.OptionalText("images") ?? "",
            Extension = fields.OptionalText("extension") ?? "",
            Pattern = pattern,
            SkipLines = fields.OptionalNumber("skipLines") ?? 0,
            FirstNumber = fields.OptionalNumber("firstNumber") ?? 0,
        };
    }

    private static bool IsPattern(string pattern)
    {
        try
        {
            // Without backtracking a stranger's pattern cannot take for ever, but for repeats in repeats, which the list's reader bounds in time.
            if (pattern.Length > LongestPattern)
            {
                return false;
            }

            var groups = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant).GetGroupNames();
            return groups.Contains("image") && (groups.Contains("class") || groups.Contains("number"));
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return false;
        }
    }
}
