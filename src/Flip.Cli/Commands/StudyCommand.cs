using System.CommandLine;
using System.Text.Json;
using Flip.Cli.Reporting;
using Flip.Config;
using Flip.Data;
using Flip.Io;
using Flip.Tasks.Benchmarking;
using Flip.Tasks.Studies;

namespace Flip.Cli.Commands;

/// <summary><c>flip study</c>: settings compared on the user's own data, as the paper compares them.</summary>
internal static class StudyCommand
{
    private const int MostSeeds = 1000;
    private const string TimesFile = "times.json";
    private const long AnyNumber = 1_000_000_000;
    private const double MostTimedFlops = 3e13; // of a step: a few minutes on two cores for all that is timed
    private const int TimedRounds = 9; // fewer make the interval of a ratio their range
    private static readonly TimeSpan TimingBudget = TimeSpan.FromMinutes(10);

    private static readonly Argument<string> Study = new("study") { Description = $"A built-in study ({string.Join(", ", StudyReader.Names)}), or a file of your own (mine.json)." };
    private static readonly Option<string?> Out = new("--out") { Description = "Folder of the results (default: studies/STUDY). The same command goes on where the last one stopped." };
    private static readonly Option<string?> Cells = new("--cells") { Description = "Folder of the runs, which studies share (default: cells beside the results' folder)." };
    private static readonly Option<int?> Seeds = new("--seeds") { Description = "Runs of each cell; with several, differences are told from noise." };
    private static readonly Option<string?> Score = new("--score") { Description = "Score that is compared, such as val/top1 (default: of the first data set, top-1 or the recall of images)." };
    private static readonly Option<double?> MaxHours = new("--max-hours") { Description = "Shorten all trainings evenly so that the whole study takes about so many hours here." };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Say what the cells will take, and train nothing." };
    private static readonly Option<double?> DeviceTeraFlops = new("--device-tflops") { Description = "Reckon for a GPU of so many 10^12 operations a second, with --dry-run (H100 in bf16: 989)." };
    private static readonly Option<double> Utilization = new("--utilization") { Description = "Share of them that a training uses, in (0, 1].", DefaultValueFactory = _ => 0.4 };
    private static readonly Option<double> Price = new("--price") { Description = "Price of a GPU for an hour." };
    private static readonly Option<bool> Json = new("--json") { Description = "Print the outcome as JSON." };
    private static readonly ConfigOptions Settings = new(ConfigOptions.Train);

    /// <param name="ranks">The processes that divide the cells.</param>
    public static Command Create(CommandRanks ranks)
    {
        var command = new Command(
            "study",
            "Compare settings on your own data, as the paper's studies do: which mask, which batch, how long, and what is gained. Each cell is an ordinary run; a study that is stopped goes on.")
        {
            Study, Out, Cells, Seeds, PartOption.Part, Score, MaxHours, DryRun, DeviceTeraFlops, Utilization, Price, DataOptions.AllowOutside, Json,
        };
        Settings.AddTo(command);
        ranks.Divide(command);
        command.SetAction((result, cancellation) =>
        {
            using var view = Consoles.Progress(json: true); // standard output is for the outcome
            var (part, parts, machine) = Check(result, ranks);
            var study = StudyReader.Open(result.GetValue(Study)!);
            var start = Start(result, study, view.Message);
            var plan = StudyPlan.Of(study, start, result.GetValue(Seeds));
            var data = new StudyData(view.Message, result.GetValue(DataOptions.AllowOutside), cancellation);
            if (result.GetValue(DryRun))
            {
                Forecast(result, plan, data, machine, view.Message, cancellation);
                return Task.FromResult(0);
            }

            Run(result, (part, parts), plan, start, data, view, cancellation);
            return Task.FromResult(0);
        });
        return command;
    }

    private static (int Part, int Parts, StudyMachine? Machine) Check(ParseResult result, CommandRanks ranks)
    {
        var problems = new List<string>();
        var (part, parts) = PartOption.Read(result, ranks.Launch, problems);
        var (teraFlops, utilization, price) = (result.GetValue(DeviceTeraFlops), result.GetValue(Utilization), result.GetValue(Price));
        Require(result.GetValue(Seeds) is null or (>= 1 and <= MostSeeds), $"--seeds {result.GetValue(Seeds)}: must be at least 1 and at most {MostSeeds}.");
        Require(result.GetValue(MaxHours) is null or (> 0 and <= 1e6), FormattableString.Invariant($"--max-hours {result.GetValue(MaxHours)}: must be more than 0 and at most a million."));
        Require(teraFlops is null or (> 0 and <= 1e6), FormattableString.Invariant($"--device-tflops {teraFlops}: must be more than 0 and at most a million."));
        Require(utilization is > 0 and <= 1, FormattableString.Invariant($"--utilization {utilization}: must be more than 0 and at most 1."));
        Require(price is >= 0 and <= 1e6, FormattableString.Invariant($"--price {price}: must be at least 0 and at most a million."));
        Require(teraFlops is null || result.GetValue(DryRun), "--device-tflops reckons for another machine: it goes with --dry-run.");
        return problems.Count > 0 ? throw new ConfigException(problems) : (part, parts, teraFlops is { } known ? new StudyMachine(known, utilization, price) : null);

        void Require(bool holds, string problem)
        {
            if (!holds)
            {
                problems.Add(problem);
            }
        }
    }

    private static FlipConfig Start(ParseResult result, StudyDescription study, Action<string> say)
    {
        if (Settings.Start(result) is not null)
        {
            return Settings.Resolve(result);
        }

        var preset = study.Preset ?? (Settings.IsGiven(result, "data.classNames") ? "small-64" : "small");
        say($"Preset: {preset} (--preset names another).");
        return ConfigReader.Resolve(preset, null, Settings.Sets(result));
    }

    private static void Forecast(ParseResult result, StudyPlan plan, StudyData data, StudyMachine? machine, Action<string> say, CancellationToken cancellation)
    {
        var times = machine is null ? Times(plan, data, say, cancellation) : StudyTimes.None;
        var forecast = StudyForecast.Of(plan, config => Samples(config, data, machine is not null), times);
        Console.Write(result.GetValue(Json) ? JsonSerializer.Serialize(forecast, JsonOutput.Options) + "\n" : ForecastText.Of(forecast, machine));
    }

    /// <summary>Pairs of an epoch. For another machine the data need not be here, where lengths are in samples or steps; any number does then.</summary>
    private static long Samples(FlipConfig config, StudyData data, bool isElsewhere) =>
        isElsewhere && config.Train.Samples.Unit is DurationUnit.Samples or DurationUnit.Steps ? AnyNumber : data.Of(config).Count;

    private static void Run(
        ParseResult result, (int Part, int Parts) share, StudyPlan plan, FlipConfig start, StudyData data, ConsoleProgress view, CancellationToken cancellation)
    {
        if (start.Eval.On.Count == 0)
        {
            throw new ConfigException("--on is missing: name the data that models are measured on, such as val=photos/val or captions=flickr8k/dev-0000.tar.");
        }

        var folder = Path.GetFullPath(result.GetValue(Out) ?? Path.Combine("studies", plan.Study.Name));
        OutputPlace.CheckFolder(folder, "--out");
        Directory.CreateDirectory(folder);
        OwnEntries.Require(folder, TimesFile, "study.json", "study.md", "report.html");
        var cells = Path.GetFullPath(result.GetValue(Cells) ?? Path.Combine(folder, "..", "cells"));
        var times = StudyTimes.Read(Path.Combine(folder, TimesFile));
        if (!times.Has(plan))
        {
            times = Times(plan, data, view.Message, cancellation);
            times.Write(Path.Combine(folder, TimesFile));
        }

        plan = Shortened(result, plan, start, data, times, view.Message);
        var store = new CellStore(cells, data);
        try
        {
            new StudyRun(plan, store, view, result.GetValue(DataOptions.AllowOutside), RunReport.Write).Run(share.Part, share.Parts, cancellation);
        }
        catch (OperationCanceledException)
        {
            view.Message("Finished cells and checkpoints are kept; the same command goes on from there.");
            throw;
        }
        finally
        {
            Write(result, plan, store, data, times, folder);
        }

        view.Message($"Report: {Path.Combine(folder, "report.html")}");
    }

    /// <summary>The study with lengths that fit in the user's time.</summary>
    private static StudyPlan Shortened(ParseResult result, StudyPlan plan, FlipConfig start, StudyData data, StudyTimes times, Action<string> say)
    {
        if (result.GetValue(MaxHours) is not { } hours)
        {
            return plan;
        }

        if (StudyForecast.Of(plan, config => data.Of(config).Count, times).Seconds is not { } seconds)
        {
            throw new ConfigException("--max-hours: no step could be timed here, so the lengths that fit are not known.");
        }

        if (seconds <= hours * 3600)
        {
            return plan;
        }

        var factor = Math.Round(hours * 3600 / seconds, 3);
        say(FormattableString.Invariant($"The whole would take {seconds / 3600:0.0} hours: all trainings are shortened to {factor:0.###} of their length."));
        return StudyPlan.Of(plan.Study, start, result.GetValue(Seeds), Math.Max(0.001, factor));
    }

    private static StudyTimes Times(StudyPlan plan, StudyData data, Action<string> say, CancellationToken cancellation)
    {
        if (plan.Cells.Any(cell => StudyTimes.FlopsOf(cell, cell.Training.Train.BatchSize, 0) > MostTimedFlops))
        {
            say("Steps of this study are too long to be timed here first: there are operations alone, and the seconds that runs take.");
            return StudyTimes.None;
        }

        say("Timing the settings' steps in turns.");
        var baseline = plan.Cells.First(cell => cell.Values.SequenceEqual(plan.Baseline));
        return StudyTimes.Measure(plan, new StepTurnsOptions { Data = data.Of(baseline.Training), Rounds = TimedRounds, Budget = TimingBudget }, cancellation);
    }

    private static void Write(ParseResult result, StudyPlan plan, CellStore store, StudyData data, StudyTimes times, string folder)
    {
        var outcome = StudyResult.Of(plan, store, times, result.GetValue(Score));
        var json = JsonSerializer.Serialize(outcome, JsonOutput.Options) + "\n";
        AtomicFile.WriteText(Path.Combine(folder, "study.json"), json);
        AtomicFile.WriteText(Path.Combine(folder, "study.md"), StudyText.Of(outcome));
        StudyPage.Write(plan, outcome, store, data, Path.Combine(folder, "report.html"));
        Console.Write(result.GetValue(Json) ? json : StudyText.Of(outcome));
    }
}
