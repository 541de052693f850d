using System.CommandLine;
using Flip.Cli.Reporting;
using Flip.Config;
using Flip.Tasks.Answering;
using Flip.Training;

namespace Flip.Cli.Commands.Vqa;

/// <summary><c>flip vqa train</c>: a model that answers questions about images, on both towers of a model.</summary>
internal static class VqaTrainCommand
{
    public static Command Create()
    {
        var model = new Argument<string?>("model") { Description = "Model whose towers are used: Flip's folder, run or checkpoint, or one of another library.", Arity = ArgumentArity.ZeroOrOne };
        var train = new Option<string?>("--train") { Description = "Training images with questions: shards, VQA's files in a folder with COCO's images, a .csv or .jsonl list." };
        var test = new Option<string[]>("--test") { Description = "Test images with questions: PATH or NAME=PATH; may be repeated." };
        var answers = new Option<string?>("--answers") { Description = "File of the answers that it can give: a JSON list, a JSON object of answers with indices, or one a line (default: learnt from the training questions)." };
        var blind = new Option<string?>("--question-only") { Description = "Run of the baseline that was trained with questionOnly=true: it stands beside the model in every table." };
        var folder = new Option<string?>("--run") { Description = "Folder of the run (default: runs/vqa-TIME)." };
        var resume = new Option<string?>("--resume") { Description = "Run to continue from its newest checkpoint, exactly." };
        var json = new Option<bool>("--json") { Description = "Print the results as JSON." };
        var recipe = new RecipeOptions(
            ("towerLearningRate", "", new("--tower-rate") { Description = "Learning rate of the towers for a batch of 256 (default: 1e-5); 0 leaves them as they are." }),
            ("leastAnswers", "", new("--least") { Description = "How many questions an answer must be the most frequent answer of, to be given (default: 9)." }));
        var command = new Command("train", "Train a model that answers questions: blocks of merged attention over the tokens of both towers (the paper's recipe by default).")
        {
            model, train, test, answers, blind, folder, resume, DataOptions.AllowOutside, json,
        };
        recipe.AddTo(command);
        command.SetAction((result, cancellation) =>
        {
            if (recipe.Describes(result))
            {
                RecipeOptions.Describe(RecipeFiles.Answering.Describe(), result.GetValue(json));
                return Task.FromResult(0);
            }

            using var view = Consoles.Progress(result.GetValue(json));
            var outside = result.GetValue(DataOptions.AllowOutside);
            AnswerText.Report report;
            if (result.GetValue(resume) is { } resumed)
            {
                Option[] fresh = [train, test, answers, blind, folder, .. recipe.Settings];
                if ((result.GetValue(model) ?? Array.Find(fresh, option => result.GetResult(option) is { Implicit: false })?.Name) is { } other)
                {
                    throw new ConfigException($"--resume continues a run as it is; {other} belongs to a new one.");
                }

                var begun = RunFolder.Open(resumed);
                report = Finish(begun, view, () => new AnswerSession(begun, view, outside).Resume(cancellation));
            }
            else
            {
                var (settings, modelSettings) = recipe.Sets(result);
                var inputs = Inputs(result.GetValue(model), result.GetValue(train), result.GetValue(test) ?? [], result.GetValue(answers), result.GetValue(blind), modelSettings);
                var config = RecipeFiles.Answering.Overlay(new AnswerConfig(), settings);
                var run = RunFolder.Create(result.GetValue(folder) ?? RunFolder.DefaultPath("vqa"), AnswerInputs.Command);
                report = Finish(run, view, () => new AnswerSession(run, view, outside).Start(inputs, config, cancellation));
            }

            AnswerText.Print(report, result.GetValue(json));
            return Task.FromResult(0);
        });
        return command;
    }

    private static AnswerInputs Inputs(string? model, string? train, IReadOnlyList<string> tests, string? answers, string? questionOnly, IReadOnlyList<string> settings)
    {
        List<string> missing =
        [
            .. model is null ? ["Name the model whose towers are used."] : Array.Empty<string>(),
            .. train is null ? ["--train: name the training images with questions."] : Array.Empty<string>(),
        ];
        return missing.Count > 0 ? throw new ConfigException(missing) : new AnswerInputs(model!, train!, tests, answers, questionOnly, settings);
    }

    private static AnswerText.Report Finish(RunFolder run, ConsoleProgress view, Func<AnswerResult> train) =>
        RunEnd.Of(run, view, AnswerInputs.Command, "Model", () => Report(run, train()));

    private static AnswerText.Report Report(RunFolder run, AnswerResult finished) =>
        new(run.Model, finished.State.Samples, finished.State.Steps, finished.State.Seconds, finished.Tests);
}
