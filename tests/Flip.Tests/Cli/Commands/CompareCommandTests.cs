using System.Text.Json;
using Flip.Evaluation.Metrics;
using Flip.Evaluation.Outcomes;
using Flip.Evaluation.Reports;
using Flip.Tests.Evaluation.Reports;

namespace Flip.Tests.Cli.Commands;

[Collection(Alone.Name)]
public sealed class CompareCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void A_table_shows_differences_and_what_was_not_compared()
    {
        var (a, b) = (Write("a", "w1", [("birds", 0), ("other", 0)]), Write("b", "w2", [("birds", 1), ("more", 0)]));
        var (code, output, _) = CommandRun.Run(["compare", a, b, "--samples", "200"]);
        Assert.Equal(0, code);
        Assert.Contains("only B right", output, StringComparison.Ordinal);
        var set = Assert.Single(Comparison.Of(a, b, 200).Sets);
        var row = output.Split('\n').Single(line => line.Contains("birds", StringComparison.Ordinal));
        foreach (var number in (double[])[set.A, set.B, Math.Abs(set.Difference), Math.Abs(set.Interval!.Value.Low)])
        {
            Assert.Contains((100 * number).ToString("0.0", System.Globalization.CultureInfo.InvariantCulture), row, StringComparison.Ordinal);
        }

        Assert.Contains("other is in A alone.", output, StringComparison.Ordinal);
        Assert.Contains("more is in B alone.", output, StringComparison.Ordinal);
        Assert.DoesNotContain("same weights", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Standard_output_is_JSON_alone_where_it_is_asked_for()
    {
        var (code, output, _) = CommandRun.Run(["compare", Write("a", "w", [("birds", 0)]), Write("b", "w", [("birds", 1)]), "--json"]);
        Assert.Equal(0, code);
        using var document = JsonDocument.Parse(output);
        var set = document.RootElement.GetProperty("sets")[0];
        Assert.Equal("top1", set.GetProperty("metric").GetString());
        Assert.Equal(set.GetProperty("b").GetDouble() - set.GetProperty("a").GetDouble(), set.GetProperty("difference").GetDouble());
        var interval = set.GetProperty("interval");
        Assert.Equal(
            interval.GetProperty("low").GetDouble() > 0 || interval.GetProperty("high").GetDouble() < 0,
            set.GetProperty("excludesZero").GetBoolean());
        Assert.Contains("same weights", document.RootElement.GetProperty("warnings")[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Failures_are_one_line()
    {
        var a = Write("a", "w", [("birds", 0)]);
        CommandRun.AssertFails(["compare", a, _folder.File("nowhere")], "nowhere");
        CommandRun.AssertFails(["compare", a, a, "--samples", "5"], "--samples 5: must be between 100 and 1000000.");
        ResultsFolder.Write(_folder.File("b"), SampleResults.Header, [SampleResults.Set("birds", Metric.Top5, SampleResults.Classification())]);
        CommandRun.AssertFails(["compare", a, _folder.File("b")], "birds: A is scored by top-1, B by top-5.");
        File.WriteAllText(_folder.File("b/results.json"), "{}");
        CommandRun.AssertFails(["compare", a, _folder.File("b")], "results.json is no report of an evaluation");
    }

    public void Dispose() => _folder.Dispose();

    private string Write(string name, string weights, (string Set, int Item)[] sets)
    {
        ResultsFolder.Write(
            _folder.File(name),
            SampleResults.Header with { Weights = weights },
            [.. sets.Select(set => SampleResults.Set(set.Set, Metric.Top1, Outcome(set.Item)))]);
        return _folder.File(name);
    }

    /// <summary>The same images and labels, other scores.</summary>
    private static ClassificationOutcome Outcome(int item)
    {
        var (_, labels) = Evaluation.Metrics.RandomScores.Draw(60, 7);
        var (scores, _) = Evaluation.Metrics.RandomScores.Draw(60, 7, item: item);
        return ClassificationOutcome.Of(SampleResults.Keys(60), labels, SampleResults.Names(7), scores);
    }
}
