using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Flip.Cli.Reporting;
using Flip.Cli.Runs;
using Flip.Config;
using Flip.Evaluation.Metrics;
using Flip.Evaluation.ZeroShot;
using Flip.Models;
using Flip.Training;
using Spectre.Console;

namespace Flip.Cli.Commands;

/// <summary><c>flip eval</c>: zero-shot classification and retrieval of a model.</summary>
internal static class EvalCommand
{
    public static Command Create()
    {
        var source = ModelArgument.Create();
        var mask = new MaskOptions();
        var perClass = new Option<bool>("--per-class") { Description = "Print the accuracy of every class." };
        var json = new Option<bool>("--json") { Description = "Print the scores as JSON." };
        var settings = new ConfigOptions(ConfigOptions.Eval);
        var command = new Command(
            "eval",
            "Measure a model: zero-shot classification (--zero-shot) and retrieval (--retrieval). Without either, what its training evaluated on.")
        {
            source, perClass, json,
        };
        mask.AddTo(command);
        settings.AddTo(command);
        command.SetAction((result, cancellation) =>
        {
            var choice = mask.Choice(result);
            using var loaded = ModelArgument.Load(result.GetValue(source)!, stored => Asked(stored, settings.Sets(result)));

            // Made anew for each evaluation, so that its masks do not depend on the others that run.
            var (scores, classes) = Evaluate(loaded, () => choice.Encoder(loaded), cancellation);
            Print(scores, result.GetValue(perClass) ? classes : null, result.GetValue(json));
            return Task.FromResult(0);
        });
        return command;
    }

    /// <summary>A model's configuration with the settings given. The evaluations that they name run alone, without the stored ones.</summary>
    private static FlipConfig Asked(FlipConfig stored, IReadOnlyList<string> sets)
    {
        var named = ConfigReader.Overlay(stored with { Eval = stored.Eval with { ZeroShot = null, Retrieval = null } }, sets);
        var asked = named.Eval is { ZeroShot: null, Retrieval: null } ? ConfigReader.Overlay(stored, sets) : named;
        return asked.Eval is { ZeroShot: null, Retrieval: null }
            ? throw new ConfigException("Nothing to evaluate on: name --zero-shot with --eval-class-names, or --retrieval.")
            : asked;
    }

    private static (Dictionary<string, double> Scores, IReadOnlyList<ClassScore>? Classes) Evaluate(
        LoadedModel loaded, Func<InferenceEncoder> encoder, CancellationToken cancellation)
    {
        encoder(); // an impossible mask is refused before the data is read
        var scores = new Dictionary<string, double>();
        IReadOnlyList<ClassScore>? classes = null;
        foreach (var evaluator in Evaluators.Of(loaded.Config, loaded.Tokenizer))
        {
            IReadOnlyDictionary<string, double> measured;
            if (evaluator is ZeroShotEvaluator zeroShot)
            {
                var classified = zeroShot.Classify(encoder(), cancellation);
                (measured, classes) = (zeroShot.Scores(classified), classified.PerClass());
            }
            else
            {
                measured = evaluator.Evaluate(encoder(), cancellation);
            }

            foreach (var (name, value) in measured)
            {
                scores[name] = value;
            }
        }

        return (scores, classes);
    }

    private static void Print(Dictionary<string, double> scores, IReadOnlyList<ClassScore>? classes, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { scores, classes }, JsonOutput.Options));
            return;
        }

        var table = new Table().Border(TableBorder.Simple).AddColumn("score").AddColumn(new TableColumn("value").RightAligned());
        foreach (var (name, value) in scores)
        {
            table.AddRow(Markup.Escape(name), value.ToString("0.####", CultureInfo.InvariantCulture));
        }

        Consoles.Output().Write(table);
        if (classes is not null)
        {
            var byClass = new Table().Border(TableBorder.Simple).AddColumns("class", "images", "accuracy");
            foreach (var score in classes.OrderByDescending(c => c.Accuracy))
            {
                byClass.AddRow(
                    Markup.Escape(score.Name),
                    score.Images.ToString(CultureInfo.InvariantCulture),
                    score.Accuracy?.ToString("0.000", CultureInfo.InvariantCulture) ?? "-");
            }

            Consoles.Output().Write(byClass);
        }
    }
}
