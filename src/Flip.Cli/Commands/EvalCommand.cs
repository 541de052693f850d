using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Flip.Cli.Reporting;
using Flip.Cli.Runs;
using Flip.Config;
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
        var source = new Argument<string>("model") { Description = "Model: Flip's folder, run or checkpoint, or one of another library (see flip inspect)." };
        var mask = new Option<InferenceMask>("--mask")
        {
            Description = "How images are seen: None whole, Masked with one mask of the training's kind, Ensemble of complementary random masks.",
            DefaultValueFactory = _ => InferenceMask.None,
        };
        var ratio = new Option<double?>("--mask-ratio") { Description = "Mask ratio of --mask; the training's without." };
        var perClass = new Option<bool>("--per-class") { Description = "Print the accuracy of every class." };
        var json = new Option<bool>("--json") { Description = "Print the scores as JSON." };
        var settings = new ConfigOptions(ConfigOptions.Eval);
        var command = new Command(
            "eval",
            "Measure a model: zero-shot classification (--zero-shot) and retrieval (--retrieval). Without either, what its training evaluated on.")
        {
            source, mask, ratio, perClass, json,
        };
        settings.AddTo(command);
        command.SetAction((result, cancellation) =>
        {
            var (kind, maskRatio) = (result.GetValue(mask), result.GetValue(ratio));
            Check(kind, maskRatio);
            using var loaded = ModelArgument.Load(result.GetValue(source)!, stored => Asked(stored, settings.Sets(result)));

            // Made anew for each evaluation, so that its masks do not depend on the others that run.
            InferenceEncoder Encoder() => new(loaded.Model, kind, maskRatio, (ulong)loaded.Config.Train.Seed);
            var (scores, classes) = Evaluate(loaded, Encoder, cancellation);
            Print(scores, result.GetValue(perClass) ? classes : null, result.GetValue(json));
            return Task.FromResult(0);
        });
        return command;
    }

    private static void Check(InferenceMask mask, double? ratio)
    {
        if (ratio is not null && mask == InferenceMask.None)
        {
            throw new ConfigException("--mask-ratio: images are seen whole; name --mask Masked or Ensemble with it.");
        }

        if (ratio is not (null or (>= 0 and < 1)))
        {
            throw new ConfigException(string.Create(CultureInfo.InvariantCulture, $"--mask-ratio {ratio}: expected a share in [0, 1)."));
        }
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
