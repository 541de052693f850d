using Flip.Config;
using Flip.Tasks.Benchmarking;
using Flip.Tasks.Studies;

namespace Flip.Tests.Tasks.Studies;

public sealed class StudyResultTests
{
    private const string Text = """
        {"title": "T", "lengthAxis": "length", "axes": [
          {"name": "mask", "values": [{"name": "0 %", "settings": ["model.image.maskRatio=0"]}, {"name": "50 %", "settings": ["model.image.maskRatio=0.5"]}]},
          {"name": "length", "values": [{"name": "half", "multiply": {"train.samples": 0.5}}, {"name": "whole"}]}],
         "baseline": ["0 %", "whole"], "published": [{"cell": ["50 %", "whole"], "score": 69.6, "time": 0.5}]}
        """;

    private static readonly FlipConfig Start = ConfigReader.Overlay(Presets.Get("tiny").Config, ["train.samples=1000", "train.batchSize=100"]);

    private static readonly StudyPlan Plan = StudyPlan.Of(StudyReader.Read("t", Text, "t"), Start, seeds: 2);

    [Fact]
    public void Rows_are_means_over_seeds_beside_the_baseline_and_the_paper()
    {
        // A masked pair takes half the time of a whole one. Scores by seed: whole 0.4 and 0.5; masked 0.5 and 0.6.
        var result = StudyResult.Of(Plan, Finished(Plan), Times(1, 0.5), null);
        Assert.Equal("val/top1", result.Score);
        Assert.Equal(["0 %, half", "0 %, whole", "50 %, half", "50 %, whole"], result.Rows.Select(row => string.Join(", ", row.Values)));
        var (baseline, masked) = (result.Rows[1], result.Rows[3]);
        Assert.Equal((0.45, 0.55), (Math.Round(baseline.Score!.Mean, 9), Math.Round(masked.Score!.Mean, 9)));
        Assert.Null(baseline.Difference);
        Assert.Equal(0.1, masked.Difference!.Mean, 9);
        Assert.Equal((1.0, 0.5, 0.25), (baseline.RelativeTime!.Value, masked.RelativeTime!.Value, result.Rows[2].RelativeTime!.Value));
        Assert.InRange(masked.RelativeFlops!.Value, 0.5, 0.7);
        Assert.Equal((69.6, 0.5), (masked.Published!.Score!.Value, masked.Published.Time!.Value));
        Assert.Equal(0.9, masked.Others["val/top5"], 9);
        Assert.DoesNotContain("val/chance top1", masked.Others.Keys);
    }

    [Fact]
    public void The_time_to_equal_accuracy_is_by_times_in_turns_and_names_the_best()
    {
        // The baseline has 0.45 after 1000 s. The masked curve has 0.35 after 250 s and 0.55 after 500 s: 0.45 after 250 · √2.
        var result = StudyResult.Of(Plan, Finished(Plan), Times(1, 0.5), null);
        Assert.Equal(["50 %"], result.Best!.Values);
        Assert.Equal(1000 / (250 * Math.Sqrt(2)), result.Best.InTime.Headline!.SpeedUp!.Value, 1e-9);

        // Without times in turns, what the runs took counts: each 7 s.
        var untimed = StudyResult.Of(Plan, Finished(Plan), StudyTimes.None, null);
        Assert.Null(untimed.Rows[0].Seconds);
        Assert.Equal(7, untimed.SpeedUps[0].InTime.Lengths[^1].Time, 1e-9);
    }

    [Fact]
    public void A_table_is_made_of_whatever_cells_are_there()
    {
        var some = Finished(Plan).Where(cell => cell.Cell.Values[0] == "50 %").ToList();
        var result = StudyResult.Of(Plan, some, StudyTimes.None, null);
        Assert.Equal((2, 4, 8), (result.Rows.Count, result.Cells.Count, result.Planned));
        Assert.All(result.Rows, row => Assert.Null(row.Difference));
        Assert.Empty(result.SpeedUps);
        Assert.Null(StudyResult.Of(Plan, [], StudyTimes.None, null).Score);
    }

    [Fact]
    public void A_forecast_counts_shared_trainings_once()
    {
        var inference = StudyPlan.Of(StudyReader.Open("inference"), Start);
        var forecast = StudyForecast.Of(inference, _ => 5000, StudyTimes.None);
        Assert.Equal(6, forecast.Cells.Count);
        Assert.Equal(forecast.Cells[0].Flops + forecast.Cells[3].Flops, forecast.Flops, forecast.Flops * 1e-12);
        Assert.Null(forecast.Seconds);

        var timed = StudyForecast.Of(Plan, _ => 5000, Times(1, 0.5));
        Assert.Equal([500, 1000, 250, 500, 500, 1000, 250, 500], timed.Cells.Select(cell => cell.Seconds!.Value));
        Assert.Equal(2 * 2250, timed.Seconds!.Value);
    }

    /// <summary>The measured times are found again by settings, as they are kept between two starts.</summary>
    private static StudyTimes Times(double whole, double masked)
    {
        using var folder = new TemporaryFolder();
        StudyTimes.Of(Plan, [Step(whole), Step(masked)]).Write(folder.File("times.json"));
        var read = StudyTimes.Read(folder.File("times.json"));
        Assert.True(read.Has(Plan));
        return read;

        static StepTime Step(double seconds) => new(100, 0, 100 * seconds, 100 * seconds, seconds, 1e9, seconds, null, 1, 5, 0);
    }

    private static List<(StudyCell Cell, CellResult Result)> Finished(StudyPlan plan) => [.. plan.Cells.Select(cell =>
    {
        var isLong = cell.Values[1] == "whole";
        var score = 0.2 + (cell.Values[0] == "50 %" ? 0.1 : 0) + (isLong ? 0.2 : 0) + (0.1 * cell.Seed);
        return (cell, new CellResult(cell.Values, cell.Seed, "run", isLong ? 1000 : 500, 0, 7, new Dictionary<string, double> { ["val/top1"] = score, ["val/top5"] = 0.9, ["val/chance top1"] = 0.01 }));
    })];
}
