using System.Globalization;
using Flip.Search;
using Flip.Search.Queries;
using Spectre.Console;

namespace Flip.Cli.Reporting;

/// <summary>What was found in an index, as text and as JSON.</summary>
internal static class SearchText
{
    private const int QueriesShown = 25;

    /// <summary>Writes a table; of many queries the first.</summary>
    public static void Write(IAnsiConsole console, IReadOnlyList<SearchResult> results)
    {
        var table = new Table().Border(TableBorder.Simple)
            .AddColumns("query", "image")
            .AddColumn(new TableColumn("cosine").RightAligned())
            .AddColumn("in");
        foreach (var result in results.Take(QueriesShown))
        {
            foreach (var (place, found) in result.Found.Index())
            {
                table.AddRow(
                    place == 0 ? Markup.Escape(result.IsImage ? $"like {result.Query}" : result.Query) : "",
                    Markup.Escape(found.Key),
                    found.Cosine.ToString("0.000", CultureInfo.InvariantCulture),
                    Markup.Escape(found.Path));
            }
        }

        console.Write(table);
        if (results.Count > QueriesShown)
        {
            console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{results.Count - QueriesShown:N0} more queries: --json prints all."));
        }
    }

    /// <summary>All of it, with the names that <c>flip rank --json</c> has.</summary>
    public static IEnumerable<object> ToJson(IEnumerable<SearchResult> results) => results.Select(result =>
    {
        var matches = result.Found.Select(found => new { Image = found.Key, found.Cosine, found.Path });
        return result.IsImage ? (object)new { Image = result.Query, Matches = matches } : new { Text = result.Query, Matches = matches };
    });

    /// <summary>Writes how good and how fast a search is.</summary>
    public static void Write(IndexRecall recall) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"recall@{recall.Top} {recall.Recall:0.0000}, by {recall.Samples:N0} of {recall.Vectors:N0} vectors. "
        + $"A search {(recall.UsesGraph ? "follows the graph" : "compares every vector")} and takes {1e3 * recall.SecondsPerQuery:0.000} ms, comparing every vector {1e3 * recall.SecondsPerExactQuery:0.000} ms."));
}
