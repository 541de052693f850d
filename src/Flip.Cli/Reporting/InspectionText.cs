using System.Globalization;
using System.Text;
using Flip.Data.Inspection;

namespace Flip.Cli.Reporting;

/// <summary>An inspection of data as tables for a console.</summary>
internal static class InspectionText
{
    private const int LongestCaption = 80;

    public static string Of(InspectionResult found)
    {
        var text = new StringBuilder();
        Line(text, $"{found.Samples:N0} samples in {found.Shards:N0} shards, {found.Inspected:N0} of them read: {found.PerSecondAndThread:N0} a second and thread ({found.Threads} threads, images decoded whole).");
        foreach (var line in found.Findings)
        {
            Line(text, $"{line}");
        }

        Line(text, $"");
        Line(text, $"| | count | least | 5 % | median | mean | 95 % | most |");
        Line(text, $"|---|---:|---:|---:|---:|---:|---:|---:|");
        foreach (var (name, numbers) in Rows(found))
        {
            if (numbers is not null)
            {
                Line(text, $"| {name} | {numbers.Count:N0} | {numbers.Least:#,0.##} | {numbers.Low:#,0.##} | {numbers.Median:#,0.##} | {numbers.Mean:#,0.##} | {numbers.High:#,0.##} | {numbers.Most:#,0.##} |");
            }
        }

        Line(text, $"");
        Line(text, $"Formats: {Counts(found.Images.Formats)}.");
        foreach (var (length, share) in found.Captions.Cut)
        {
            Line(text, $"A row of {length} tokens cuts {share * 100:0.0} % of the captions.");
        }

        Line(text, $"Duplicates among those read: {found.Images.Repeated:N0} images, {found.Captions.Repeated:N0} captions.");
        foreach (var (caption, count) in found.Captions.MostRepeated.Take(3))
        {
            Line(text, $"  {count:N0} x {Short(caption, LongestCaption)}");
        }

        Line(text, $"Cannot be used: {(found.Bad.Count == 0 ? "none" : Counts(found.Bad))}.");
        foreach (var example in found.Examples)
        {
            Line(text, $"  {example}");
        }

        return text.ToString();
    }

    /// <summary>What is distributed, by name.</summary>
    public static IEnumerable<(string Name, Distribution? Numbers)> Rows(InspectionResult found) =>
    [
        ("width, pixels", found.Images.Width),
        ("height, pixels", found.Images.Height),
        ("short side, pixels", found.Images.ShortSide),
        ("aspect ratio", found.Images.AspectRatio),
        ("file, bytes", found.Images.Bytes),
        ("captions of a sample", found.Captions.OfSample),
        ("caption, characters", found.Captions.Characters),
        ("caption, tokens", found.Captions.Tokens),
    ];

    /// <summary>Names with their counts.</summary>
    public static string Counts(IReadOnlyDictionary<string, long> counts) =>
        counts.Count == 0 ? "none" : string.Join(", ", counts.Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Key} {one.Value:N0}")));

    /// <summary>A text cut to a number of characters.</summary>
    public static string Short(string text, int most) => text.Length <= most ? text : text[..most] + "...";

    private static void Line(StringBuilder text, FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
