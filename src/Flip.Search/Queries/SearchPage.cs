using System.Globalization;
using Flip.Evaluation.Reports;

namespace Flip.Search.Queries;

/// <summary>The results of a search as one HTML file that needs nothing else.</summary>
public static class SearchPage
{
    /// <summary>Writes the page.</summary>
    /// <param name="path">The file; it appears whole or not at all.</param>
    /// <param name="index">What was searched, which has the thumbnails.</param>
    /// <param name="results">The queries with what was found, in order.</param>
    public static void Write(string path, ImageIndex index, IEnumerable<SearchResult> results)
    {
        ArgumentNullException.ThrowIfNull(index);
        ArgumentNullException.ThrowIfNull(results);
        var page = new HtmlReport("Search");
        page.AddParagraph(string.Create(CultureInfo.InvariantCulture, $"{index.Description.Images:N0} images."));
        foreach (var result in results)
        {
            page.AddImageGrid(
                result.IsImage ? $"Like {result.Query}" : result.Query,
                result.Found.Select(found => new ReportImage(
                    index.Thumbnail(found.Content),
                    [found.Cosine.ToString("0.000", CultureInfo.InvariantCulture), found.Key])));
        }

        page.Write(path);
    }
}
