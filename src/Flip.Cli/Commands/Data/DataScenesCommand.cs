using System.CommandLine;
using System.Text.Json;
using Flip.Cli.Reporting;
using Flip.Config;
using Flip.Data.Scenes;
using Flip.Progress;

namespace Flip.Cli.Commands.Data;

/// <summary><c>flip data scenes</c>: the embedded data set as shards, to try any command on.</summary>
internal static class DataScenesCommand
{
    private const int MostScenes = 10_000_000;
    private const int LeastSide = 32;
    private const int MostSide = 1024;

    public static Command Create()
    {
        var output = new Option<string>("--out") { Description = "Folder of the shards: new, empty, or of an earlier call.", DefaultValueFactory = _ => "scenes" };
        var train = new Option<int>("--train") { Description = "Scenes to train on.", DefaultValueFactory = _ => 20_000 };
        var test = new Option<int>("--test") { Description = "Scenes of each of the three test sets: retrieval, held-out pairs of color and background, seen pairs.", DefaultValueFactory = _ => 1000 };
        var size = new Option<int>("--size") { Description = "Height and width, pixels.", DefaultValueFactory = _ => 64 };
        var seed = new Option<long>("--seed") { Description = "Seed of all scenes, at least 0.", DefaultValueFactory = _ => 0 };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command("scenes", "Draw scenes of simple objects with captions, questions and answers, and class labels: data to try any command on, the same on every machine.")
        {
            output, train, test, size, seed, json,
        };
        command.SetAction((result, cancellation) =>
        {
            using var view = Consoles.Progress(json: true); // standard output is for the result
            Check(result.GetValue(train), result.GetValue(test), result.GetValue(size), result.GetValue(seed));
            var folder = Path.GetFullPath(result.GetValue(output)!);
            var meter = new ItemMeter(view, "draw", "scenes", result.GetValue(train) + (3L * result.GetValue(test)));
            var scenes = SceneDataset.Write(
                folder, result.GetValue(train), result.GetValue(test), (ulong)result.GetValue(seed), result.GetValue(size), meter.Report, cancellation);
            Console.Write(result.GetValue(json)
                ? JsonSerializer.Serialize(new { scenes.Train, scenes.Retrieval, scenes.HeldOut, scenes.Seen, scenes.ClassNames, scenes.Templates }, JsonOutput.Options) + "\n"
                : $"""
                  to train on            {scenes.Train}
                  to retrieve            {scenes.Retrieval}
                  held-out pairs         {scenes.HeldOut}
                  seen pairs             {scenes.Seen}
                  names of the pairs     {scenes.ClassNames}
                  prompts                {scenes.Templates}

                  """);
            return Task.CompletedTask;
        });
        return command;
    }

    private static void Check(int train, int test, int size, long seed)
    {
        var problems = new List<string>();
        if (train is < 1 or > MostScenes)
        {
            problems.Add(FormattableString.Invariant($"--train {train}: must be at least 1 and at most {MostScenes}."));
        }

        if (test is < 1 or > MostScenes)
        {
            problems.Add(FormattableString.Invariant($"--test {test}: must be at least 1 and at most {MostScenes}."));
        }

        if (size is < LeastSide or > MostSide)
        {
            problems.Add(FormattableString.Invariant($"--size {size}: must be at least {LeastSide} and at most {MostSide}."));
        }

        if (seed < 0)
        {
            problems.Add(FormattableString.Invariant($"--seed {seed}: must be at least 0."));
        }

        if (problems.Count > 0)
        {
            throw new ConfigException(problems);
        }
    }
}
