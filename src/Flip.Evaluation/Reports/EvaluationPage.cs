using System.Globalization;
using Flip.Evaluation.Metrics;
using Flip.Evaluation.Outcomes;

namespace Flip.Evaluation.Reports;

/// <summary><c>report.html</c> of an evaluation: the table, and for each classification its classes, confusions and worst mistakes.</summary>
internal static class EvaluationPage
{
    /// <summary>Classes up to which all pairs are shown.</summary>
    private const int MapClasses = 40;

    private const int PairsShown = 40;
    private const int MistakesShown = 24;
    private const int CaptionsShown = 48;
    private const int AnswersShown = 48;

    public static HtmlReport Of(EvaluationHeader header, IReadOnlyList<EvaluatedSet> sets)
    {
        var report = new EvaluationReport(header, [.. sets.Select(set => set.Result)]);
        var page = new HtmlReport($"Evaluation of {header.Model}");
        page.AddTable(["", "what was measured"], [.. header.Entries().Select(entry => (IReadOnlyList<string>)[entry.Name, entry.Value])]);
        page.AddHeading("Results, in percent");
        Add(page, ResultsTable.OfMetrics(report));
        if (ResultsTable.Sources(report) is { Count: > 0 } sources)
        {
            page.AddParagraph($"References. {string.Join("; ", sources)}.");
        }

        page.AddHeading("Other measures, in percent");
        Add(page, ResultsTable.OfMeasures(report));
        foreach (var set in sets)
        {
            AddSet(page, set);
        }

        return page;
    }

    private static void Add(HtmlReport page, ResultsTable table) => page.AddTable(table.Headers, table.Rows);

    private static void AddSet(HtmlReport page, EvaluatedSet set)
    {
        var result = set.Result;
        page.AddHeading(result.Name);
        page.AddParagraph(string.Join('\n',
        [
            $"{result.Metric.Title()} {ResultsTable.Percent(result.Value)} %",
            .. result.Notes,
            .. result.Settings.OrderBy(setting => setting.Key, StringComparer.Ordinal).Select(setting => $"{setting.Key}: {setting.Value}"),
            $"data: {result.Data}",
        ]));
        switch (set.Outcome)
        {
            case ClassificationOutcome outcome:
                AddClasses(page, result.Metric, outcome);
                AddConfusions(page, outcome);
                AddMistakes(page, outcome, set);
                break;
            case CaptionOutcome outcome:
                AddCaptions(page, outcome, set);
                break;
            case AnswerOutcome outcome:
                AddAnswers(page, outcome, set);
                break;
        }
    }

    /// <summary>Images evenly spread from the best caption to the worst.</summary>
    private static void AddCaptions(HtmlReport page, CaptionOutcome outcome, EvaluatedSet set)
    {
        var ranked = outcome.Predictions.Zip(outcome.Scores.Captions).OrderByDescending(image => image.Second.CiderD).ThenBy(image => image.First.Key, StringComparer.Ordinal).ToList();
        var shown = Spread(ranked, CaptionsShown);
        var pictures = set.Images is { } source ? Thumbnails.Of(source, shown.Select(image => image.First.Key)) : new Dictionary<string, byte[]>();
        page.AddImageGrid("Captions from the best to the worst by CIDEr-D", shown.Select(image => new ReportImage(
            pictures.GetValueOrDefault(image.First.Key),
            [
                image.First.Caption,
                $"CIDEr-D {ResultsTable.Percent(image.Second.CiderD)}",
                .. image.First.References.Select(reference => $"– {reference}"),
                image.First.Key,
            ])));
    }

    /// <summary>Questions evenly spread from the surest right answer to the surest wrong one.</summary>
    private static void AddAnswers(HtmlReport page, AnswerOutcome outcome, EvaluatedSet set)
    {
        var ranked = outcome.Predictions.Zip(outcome.Scores.Accuracies)
            .OrderByDescending(question => question.Second)
            .ThenBy(question => (question.Second > 0 ? -1 : 1) * question.First.Given[0].Probability)
            .ThenBy(question => question.First.Key, StringComparer.Ordinal).ToList();
        var shown = Spread(ranked, AnswersShown);
        var pictures = set.Images is { } source ? Thumbnails.Of(source, shown.Select(question => question.First.Image)) : new Dictionary<string, byte[]>();
        page.AddImageGrid("Answers from the surest right one to the surest wrong one", shown.Select(question => new ReportImage(
            pictures.GetValueOrDefault(question.First.Image),
            [
                question.First.Question,
                string.Join(", ", question.First.Given.Select(given => string.Create(CultureInfo.InvariantCulture, $"{given.Answer} {given.Probability:0.00}"))),
                $"counts {ResultsTable.Percent(question.Second)}",
                .. question.First.Answers.CountBy(answer => answer).Select(answer => answer.Value == 1 ? $"– {answer.Key}" : string.Create(CultureInfo.InvariantCulture, $"– {answer.Key} ({answer.Value})")),
                $"{question.First.Image}, {question.First.Key}",
            ])));
    }

    /// <summary>Items evenly spread over an order.</summary>
    private static List<T> Spread<T>(List<T> ranked, int most)
    {
        var count = Math.Min(most, ranked.Count);
        return [.. Enumerable.Range(0, count).Select(i => ranked[(int)((long)i * ranked.Count / count)])];
    }

    private static void AddClasses(HtmlReport page, Metric metric, ClassificationOutcome outcome)
    {
        var classes = outcome.PerClass();
        var precisions = metric == Metric.ElevenPointMap ? outcome.AveragePrecisions() : null;
        var bars = classes.Select((score, label) => new ReportBar(
                score.Name,
                precisions?[label] ?? score.Accuracy ?? double.NaN,
                string.Create(CultureInfo.InvariantCulture, $"{score.Images} {(score.Images == 1 ? "image" : "images")}")))
            .Where(bar => !double.IsNaN(bar.Share))
            .OrderBy(bar => bar.Share)
            .ToList();
        page.AddBars(precisions is null ? "Top-1 of each class, in percent" : "11-point average precision of each class, in percent", bars);
    }

    private static void AddConfusions(HtmlReport page, ClassificationOutcome outcome)
    {
        var names = outcome.ClassNames;
        var confusions = outcome.Confusions();
        if (names.Count <= MapClasses)
        {
            var counts = new int[names.Count, names.Count];
            foreach (var image in outcome.Predictions.Where(image => image.FirstRight.Class >= 0))
            {
                counts[image.FirstRight.Class, image.Predicted]++;
            }

            page.AddHeatMap("Images by right class (row) and predicted class (column)", names, counts);
        }
        else if (confusions.Count > 0)
        {
            page.AddSubheading($"The most frequent confusions, {Math.Min(PairsShown, confusions.Count)} of {confusions.Count} pairs");
            page.AddTable(
                ["right class", "predicted class", "images"],
                confusions.Take(PairsShown).Select(pair => (IReadOnlyList<string>)
                    [names[pair.Right], names[pair.Predicted], pair.Images.ToString(CultureInfo.InvariantCulture)]));
        }
    }

    private static void AddMistakes(HtmlReport page, ClassificationOutcome outcome, EvaluatedSet set)
    {
        var worst = outcome.WorstMistakes(MistakesShown);
        if (worst.Count == 0)
        {
            page.AddParagraph("There is no mistake to show.");
            return;
        }

        var names = outcome.ClassNames;
        var pictures = set.Images is { } source ? Thumbnails.Of(source, worst.Select(image => image.Key)) : new Dictionary<string, byte[]>();
        page.AddImageGrid("The worst mistakes: the wrong class the farthest above the right one", worst.Select(image => new ReportImage(
            pictures.GetValueOrDefault(image.Key),
            [
                $"right: {string.Join(", ", image.Right.Select(label => names[label]))}",
                $"predicted: {names[image.Predicted]}",
                string.Create(CultureInfo.InvariantCulture, $"{image.Top[0].Score:0.####} against {image.FirstRight.Score:0.####}, rank {image.Rank}"),
                image.Key,
                .. set.Images is null || pictures.ContainsKey(image.Key) ? Array.Empty<string>() : ["(its picture cannot be read)"],
            ])));
    }
}
