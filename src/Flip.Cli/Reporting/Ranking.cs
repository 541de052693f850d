using System.Globalization;
using Flip.Evaluation.Embedding;
using Spectre.Console;

namespace Flip.Cli.Reporting;

/// <summary>What is ranked for what.</summary>
internal enum RankBy
{
    /// <summary>Texts for each image.</summary>
    Image,

    /// <summary>Images for each text.</summary>
    Text,
}

/// <summary>Texts ranked for images, or images for texts, to be shown.</summary>
/// <param name="by">Which of the two.</param>
/// <param name="images">Names of the images.</param>
/// <param name="texts">The texts.</param>
/// <param name="isSoftmax">Whether a probability is the softmax over what is ranked, not a pair's own.</param>
/// <param name="matches">The best items of each image or text, in order.</param>
internal sealed class Ranking(
    RankBy by, IReadOnlyList<string> images, IReadOnlyList<string> texts, bool isSoftmax, IEnumerable<IReadOnlyList<Match>> matches)
{
    private const int QueriesShown = 25;

    /// <summary>Writes a table; of many images or texts the first.</summary>
    public void Write(IAnsiConsole console)
    {
        var (queries, items) = by == RankBy.Image ? (images, texts) : (texts, images);
        var table = new Table().Border(TableBorder.Simple)
            .AddColumns(by == RankBy.Image ? "image" : "text", by == RankBy.Image ? "text" : "image")
            .AddColumn(new TableColumn("cosine").RightAligned())
            .AddColumn(new TableColumn(isSoftmax ? "softmax" : "sigmoid").RightAligned());
        foreach (var (query, best) in matches.Take(QueriesShown).Index())
        {
            foreach (var (place, match) in best.Index())
            {
                table.AddRow(
                    place == 0 ? Markup.Escape(queries[query]) : "",
                    Markup.Escape(items[match.Item]),
                    match.Cosine.ToString("0.000", CultureInfo.InvariantCulture),
                    string.Create(CultureInfo.InvariantCulture, $"{100 * match.Probability:0.0} %"));
            }
        }

        console.Write(table);
        if (queries.Count > QueriesShown)
        {
            var kind = by == RankBy.Image ? "images" : "texts";
            console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{queries.Count - QueriesShown:N0} more {kind}: --json prints all."));
        }
    }

    /// <summary>All of it, to be written as JSON.</summary>
    public IEnumerable<object> ToJson() => matches.Select((best, query) => by == RankBy.Image
        ? (object)new { Image = images[query], Matches = best.Select(match => new { Text = texts[match.Item], match.Cosine, match.Probability }) }
        : new { Text = texts[query], Matches = best.Select(match => new { Image = images[match.Item], match.Cosine, match.Probability }) });
}
