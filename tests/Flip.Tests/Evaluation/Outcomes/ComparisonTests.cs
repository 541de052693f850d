using System.Text;
using Flip.Evaluation.Metrics;
using Flip.Evaluation.Outcomes;
using Flip.Evaluation.Reports;
using Flip.Tests.Evaluation.Metrics;
using Flip.Tests.Evaluation.Reports;

namespace Flip.Tests.Evaluation.Outcomes;

public sealed class ComparisonTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Results_are_paired_by_key_whatever_their_order()
    {
        var (scores, labels) = RandomScores.Draw(80, 5);
        var (others, _) = RandomScores.Draw(80, 5, item: 1);
        var keys = SampleResults.Keys(80);
        var a = ClassificationOutcome.Of(keys, labels, SampleResults.Names(5), scores);
        var b = ClassificationOutcome.Of(keys, labels, SampleResults.Names(5), others);
        var turned = new ClassificationOutcome(b.ClassNames, [.. b.Predictions.Reverse()]);
        var set = Assert.Single(Compare([Set(a)], [Set(turned)]).Sets);
        Assert.Equal((a.Statistic(Metric.Top1).Value(), b.Statistic(Metric.Top1).Value(), 80), (set.A, set.B, set.Images));
        Assert.Equal(a.Predictions.Zip(b.Predictions).Count(pair => pair.First.IsHit && !pair.Second.IsHit), set.OnlyA);
        Assert.Equal(a.Predictions.Zip(b.Predictions).Count(pair => !pair.First.IsHit && pair.Second.IsHit), set.OnlyB);
        Assert.Equal(Bootstrap.Difference(a.Statistic(Metric.Top1), b.Statistic(Metric.Top1)), set.Interval);
        Assert.Equal(set.B - set.A, set.Difference);
    }

    [Fact]
    public void Every_metric_is_compared()
    {
        var comparison = Compare(SampleResults.Sets(), SampleResults.Sets());
        Assert.Equal(["birds", "scenes", "memes", "photos"], comparison.Sets.Select(set => set.Name));
        Assert.All(comparison.Sets, set =>
        {
            Assert.Equal((0.0, false, 0, 0), (set.Difference, set.ExcludesZero, set.OnlyA, set.OnlyB));
            Assert.Equal(new ConfidenceInterval(0, 0), set.Interval);
        });
        Assert.Equal(["Both are of the same weights (sha256:0011)."], comparison.Warnings);
    }

    [Fact]
    public void A_difference_of_many_images_excludes_0()
    {
        var wrong = ClassificationOutcome.Of(SampleResults.Keys(40), [.. Enumerable.Repeat(new[] { 1 }, 40)], ["x", "y"], Scores(0));
        var half = ClassificationOutcome.Of(SampleResults.Keys(40), [.. Enumerable.Repeat(new[] { 1 }, 40)], ["x", "y"], Scores(20));
        var set = Assert.Single(Compare([Set(wrong)], [Set(half)]).Sets);
        Assert.True(set.ExcludesZero);
        Assert.Equal((0.5, 0, 20), (set.Difference, set.OnlyA, set.OnlyB));

        static float[] Scores(int hits) => [.. Enumerable.Range(0, 40).SelectMany(image => image < hits ? new[] { 0f, 1 } : [1, 0])];
    }

    [Fact]
    public void Sets_that_cannot_be_paired_are_refused_each_with_its_reason()
    {
        var (scores, labels) = RandomScores.Draw(30, 7);
        var names = SampleResults.Names(7);
        var plain = ClassificationOutcome.Of(SampleResults.Keys(30), labels, names, scores);
        var fewer = new ClassificationOutcome(names, [.. plain.Predictions.Take(29)]);
        int[][] otherLabels = [.. labels.Select((label, image) => image == 4 ? [(label[0] + 1) % 7] : label)];
        var relabelled = ClassificationOutcome.Of(SampleResults.Keys(30), otherLabels, names, scores);
        string[] sets = ["fewer", "labels", "metric", "data", "classes", "same", "lonely"];
        EvaluatedSet[] a = [.. sets.Select(name => Set(plain, name))];
        EvaluatedSet[] b =
        [
            Set(fewer, "fewer"),
            Set(relabelled, "labels"),
            SampleResults.Set("metric", Metric.Top5, plain),
            SampleResults.Set("data", Metric.Top1, plain, data: "d1"),
            Set(SampleResults.Classification(30, 8), "classes"),
            Set(plain, "same"),
        ];
        var comparison = Compare(a, b);
        Assert.Equal("same", Assert.Single(comparison.Sets).Name);
        Assert.Equal(
            [
                "fewer: the images differ: 30 in A and 29 in B, 'val/0029' in A alone.",
                "labels: the labels differ, first those of 'val/0004'.",
                "metric: A is scored by top-1, B by top-5.",
                "data: the images differ: their fingerprints are d0 and d1.",
                "classes: A has 7 classes, B 8.",
            ],
            comparison.Refused);
        Assert.Contains("lonely is in A alone.", comparison.Warnings);
    }

    [Fact]
    public void Predictions_that_do_not_give_the_reports_value_are_refused()
    {
        var a = Write("a", [Set(SampleResults.Classification())]);
        var b = Write("b", [Set(SampleResults.Classification(levels: 2))]);
        File.Copy(PredictionFile.PathsOf(a, ["set"])["set"], PredictionFile.PathsOf(b, ["set"])["set"], overwrite: true);
        var error = Assert.Throws<InvalidDataException>(() => Comparison.Of(a, b));
        Assert.Contains("but the report has", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Keys_and_names_that_look_the_same_are_paired()
    {
        static EvaluatedSet Keyed(NormalizationForm form) => Set(
            ClassificationOutcome.Of(
                [.. new[] { "ünï/1.jpg", "uz/1.jpg", "é.jpg" }.Select(key => key.Normalize(form))], [[0], [1], [0]], ["a", "b"], [1, 0, 1, 0, 1, 0]),
            "fêtes".Normalize(form));

        var set = Assert.Single(Compare([Keyed(NormalizationForm.FormC)], [Keyed(NormalizationForm.FormD)]).Sets);
        Assert.Equal((3, 0, 0), (set.Images, set.OnlyA, set.OnlyB));
    }

    [Fact]
    public void Nothing_in_common_is_an_error()
    {
        var error = Assert.Throws<ConfigException>(() => Compare([Set(SampleResults.Classification(), "x")], [Set(SampleResults.Classification(), "y")]));
        Assert.StartsWith("No data set is in both: x in ", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static EvaluatedSet Set(EvaluationOutcome outcome, string name = "set") => SampleResults.Set(name, Metric.Top1, outcome);

    private string Write(string name, EvaluatedSet[] sets)
    {
        ResultsFolder.Write(_folder.File(name), SampleResults.Header, sets);
        return _folder.File(name);
    }

    private Comparison Compare(EvaluatedSet[] a, EvaluatedSet[] b) => Comparison.Of(Write("a", a), Path.Combine(Write("b", b), "results.json"));
}
