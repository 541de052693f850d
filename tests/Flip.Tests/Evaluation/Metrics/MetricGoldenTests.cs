using System.Globalization;
using System.Text.Json;
using Flip.Evaluation.Metrics;

namespace Flip.Tests.Evaluation.Metrics;

/// <summary>Metrics against scikit-learn and the definition of VOC2007's measure; the file says how its numbers were made.</summary>
public class MetricGoldenTests
{
    private const int Digits = 12;

    [Theory]
    [InlineData("ten classes")]
    [InlineData("two classes have no image")]
    [InlineData("six classes, few images")]
    public void Accuracies_equal_the_reference(string name)
    {
        var (scores, expected) = Case("classification", name);
        foreach (var top in expected.EnumerateObject().Where(entry => entry.Name.StartsWith("top", StringComparison.Ordinal)))
        {
            Assert.Equal(top.Value.GetDouble(), Accuracy.TopK(scores, int.Parse(top.Name.AsSpan(3), CultureInfo.InvariantCulture)), Digits);
        }

        var mean = Accuracy.MeanPerClass(scores);
        Assert.Equal(expected.GetProperty("meanPerClass").GetDouble(), mean.Value, Digits);
        Assert.Equal(name.StartsWith("two", StringComparison.Ordinal) ? 2 : 0, mean.LeftOut);
        Assert.Equal(
            (expected.GetProperty("top1").GetDouble() + expected.GetProperty("top5").GetDouble()) / 2, Accuracy.MeanTop1Top5(scores), Digits);
    }

    [Theory]
    [InlineData("no ties")]
    [InlineData("many ties")]
    [InlineData("two images")]
    [InlineData("all equal")]
    public void The_area_under_the_ROC_curve_equals_the_reference(string name)
    {
        var (scores, expected) = Case("rocAuc", name);
        Assert.Equal(expected.GetDouble(), RocAuc.Of(scores), Digits);
    }

    [Theory]
    [InlineData("several labels")]
    [InlineData("several labels, ties")]
    [InlineData("one class has no image")]
    public void Average_precisions_equal_the_reference(string name)
    {
        var (scores, expected) = Case("averagePrecision", name);
        Compare("plain", false, AveragePrecision.Mean(scores, elevenPoint: false));
        if (expected.TryGetProperty("elevenPoint", out _))
        {
            Compare("elevenPoint", true, AveragePrecision.Mean(scores, elevenPoint: true));
        }

        void Compare(string entry, bool elevenPoint, ClassMean mean)
        {
            var perClass = AveragePrecision.PerClass(scores, elevenPoint).Where(value => !double.IsNaN(value)).ToArray();
            var reference = expected.GetProperty(entry).Deserialize<double[]>()!;
            Assert.Equal(reference.Length, perClass.Length);
            Assert.All(reference.Zip(perClass), pair => Assert.Equal(pair.First, pair.Second, Digits));
            Assert.Equal(expected.GetProperty($"{entry}Mean").GetDouble(), mean.Value, Digits);
            Assert.Equal((reference.Length, scores.Classes - reference.Length), (mean.Classes, mean.LeftOut));
        }
    }

    private static (LabelledScores Scores, JsonElement Expected) Case(string kind, string name)
    {
        using var fixture = JsonDocument.Parse(File.ReadAllText(SharedData.Golden("metrics.json")));
        var item = fixture.RootElement.GetProperty(kind).EnumerateArray().Single(item => item.GetProperty("name").GetString() == name).Clone();
        int[][] labels = [.. item.GetProperty("labels").EnumerateArray().Select(label =>
            label.ValueKind == JsonValueKind.Array ? label.Deserialize<int[]>()! : [label.GetInt32()])];
        var classes = item.TryGetProperty("classes", out var count) ? count.GetInt32() : 2;
        return (new(item.GetProperty("scores").Deserialize<float[]>()!, classes, labels), item.GetProperty("expected"));
    }
}
