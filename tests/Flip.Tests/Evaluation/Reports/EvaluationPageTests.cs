using System.Text.RegularExpressions;
using AngleSharp.Html.Dom;
using AngleSharp.Html.Parser;
using Flip.Data.Files;
using Flip.Evaluation.Metrics;
using Flip.Evaluation.Outcomes;
using Flip.Evaluation.Reports;
using Flip.Tests.Data.Images;
using Flip.Tests.Evaluation.Metrics;
using SkiaSharp;

namespace Flip.Tests.Evaluation.Reports;

public class EvaluationPageTests
{
    private const string Evil = "<img src=x onerror=alert(1)> \" onload='a' & | </td></style>";

    [Fact]
    public void The_page_says_what_it_said_before()
    {
        // tests/Golden/evaluation/report.txt: the words of the page, a line for each line of its body.
        var body = Parse(EvaluationPage.Of(SampleResults.Header, SampleResults.Sets())).Body!;
        foreach (var cell in body.QuerySelectorAll("td, th"))
        {
            cell.TextContent += "\t";
        }

        var words = string.Join('\n', body.TextContent.Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0)) + "\n";
        Assert.Equal(File.ReadAllText(SharedData.Golden("evaluation/report.txt")), words);
    }

    [Fact]
    public void Names_of_strangers_are_words_and_nothing_outside_is_asked_for()
    {
        using var folder = new TemporaryFolder();
        var page = WithPictures(folder, classes: 6, name: Evil);
        var document = Parse(page);
        Assert.Empty(document.QuerySelectorAll("script, link, iframe, object, embed, base, form"));
        Assert.All(document.All.SelectMany(element => element.Attributes), attribute =>
            Assert.False(attribute.Name.StartsWith("on", StringComparison.OrdinalIgnoreCase), attribute.Name));
        Assert.All(document.QuerySelectorAll("[src], [href]"), element =>
            Assert.StartsWith("data:image/", element.GetAttribute("src") ?? element.GetAttribute("href"), StringComparison.Ordinal));
        Assert.DoesNotMatch(
            new Regex(@"https?:|url\((?!#)|@import", RegexOptions.IgnoreCase),
            page.ToHtml().Replace("http://www.w3.org/", "", StringComparison.Ordinal));
        Assert.Contains(document.QuerySelectorAll("td"), cell => cell.TextContent == $"{Evil} 0");
        Assert.Contains(document.QuerySelectorAll("figcaption div"), line => line.TextContent.StartsWith("right: " + Evil, StringComparison.Ordinal));
        Assert.Contains(document.QuerySelectorAll("h1"), title => title.TextContent.Contains(Evil, StringComparison.Ordinal));
    }

    [Fact]
    public void The_worst_mistakes_are_shown_as_small_pictures()
    {
        using var folder = new TemporaryFolder();
        var document = Parse(WithPictures(folder, classes: 6, name: "class"));
        var pictures = document.QuerySelectorAll("figure img").Cast<IHtmlImageElement>().ToList();
        Assert.NotEmpty(pictures);
        var bytes = Convert.FromBase64String(pictures[0].GetAttribute("src")!.Split(',')[1]);
        using var picture = SKBitmap.Decode(bytes);
        Assert.Equal((160, 80), (picture.Width, picture.Height));

        // The mistakes of the damaged file have no picture, and say so.
        Assert.Contains(document.QuerySelectorAll("figcaption"), caption => caption.TextContent.Contains("(its picture cannot be read)", StringComparison.Ordinal));
        Assert.Equal(document.QuerySelectorAll("figcaption").Length - 1, pictures.Count);
    }

    [Fact]
    public void All_pairs_of_few_classes_are_a_map_and_of_many_the_worst_are_a_list()
    {
        var few = Parse(Page(SampleResults.Classification(60, 40)));
        Assert.Equal(41, few.QuerySelectorAll("table.heat tr").Length);
        var many = Parse(Page(SampleResults.Classification(60, 41)));
        Assert.Empty(many.QuerySelectorAll("table.heat"));
        Assert.Contains(many.QuerySelectorAll("th"), head => head.TextContent == "predicted class");
        Assert.NotEmpty(many.QuerySelectorAll("table.bars"));
    }

    [Fact]
    public void An_outcome_without_mistakes_has_none_to_show()
    {
        var outcome = ClassificationOutcome.Of(["a", "b"], [[0], [1]], ["x", "y"], [1, 0, 0, 1]);
        Assert.Contains("There is no mistake to show.", Page(outcome).ToHtml(), StringComparison.Ordinal);
    }

    private static HtmlReport Page(EvaluationOutcome outcome) =>
        EvaluationPage.Of(SampleResults.Header, [SampleResults.Set("set", Metric.Top1, outcome)]);

    /// <summary>A page on a folder of 12 images of 320×160 pixels, of which one is damaged.</summary>
    private static HtmlReport WithPictures(TemporaryFolder folder, int classes, string name)
    {
        var encoded = TestImages.Encode(320, 160, SKEncodedImageFormat.Jpeg);
        for (var image = 0; image < 12; image++)
        {
            File.WriteAllBytes(folder.File($"{image:00}.jpg"), encoded);
        }

        var source = FileImages.OfFolder(folder.Path);
        string[] keys = [.. source.Keys()];
        var (scores, labels) = RandomScores.Draw(12, classes);
        var outcome = ClassificationOutcome.Of(keys, labels, [.. Enumerable.Range(0, classes).Select(label => $"{name} {label}")], scores);
        File.WriteAllBytes(folder.File(outcome.WorstMistakes(1)[0].Key), [1, 2, 3]);
        var set = SampleResults.Set("set", Metric.Top1, outcome, [new(name, 0.5, name)]) with { Images = source };
        return EvaluationPage.Of(SampleResults.Header with { Model = name }, [set]);
    }

    /// <summary>The page, if every tag of it is in its place.</summary>
    private static IHtmlDocument Parse(HtmlReport page) => new HtmlParser(new HtmlParserOptions { IsStrictMode = true }).ParseDocument(page.ToHtml());
}
