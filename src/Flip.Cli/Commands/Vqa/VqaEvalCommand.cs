using System.CommandLine;
using Flip.Cli.Reporting;
using Flip.Config;
using Flip.Devices;
using Flip.Evaluation.Reports;
using Flip.Tasks.Answering;

namespace Flip.Cli.Commands.Vqa;

/// <summary><c>flip vqa eval</c>: a finished model on questions about images.</summary>
internal static class VqaEvalCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("answerer") { Description = "Finished model that answers questions: its folder, or its run." };
        var on = new Option<string[]>("--on") { Description = "Images with questions: PATH or NAME=PATH; may be repeated.", Required = true };
        var blind = new Option<string?>("--question-only") { Description = "The baseline that sees no image, its folder or run: it stands beside the model in every table." };
        var folder = new Option<string?>("--out") { Description = "Folder for results: table, page, answers in the format of VQA's server." };
        var json = new Option<bool>("--json") { Description = "Print the results as JSON." };
        var use = new UseOptions<AnswerConfig>(RecipeFiles.Answering, "Images, and questions, at a time.", []);
        var command = new Command("eval", "Measure a model that answers questions: VQA's accuracy, by kind of answer and of question.") { model, on, blind, folder, DataOptions.AllowOutside, json };
        use.AddTo(command);
        command.SetAction((result, cancellation) =>
        {
            var config = use.Config(result);
            if (result.GetValue(folder) is { } wanted)
            {
                ResultsFolder.Check(wanted, "--out");
            }

            using var view = Consoles.Progress(result.GetValue(json));
            var tests = AnswerTests.Open(result.GetValue(on)!, config, view, result.GetValue(DataOptions.AllowOutside), cancellation);
            Compute.UseThreads(config);
            var compute = Compute.Of(config);
            using var loaded = AnswererFolder.Load(result.GetValue(model)!, compute);
            var questionOnly = QuestionOnlyRun.Answer(result.GetValue(blind), tests, compute, cancellation);
            var answered = tests.Answer(loaded, questionOnly, cancellation);
            if (result.GetValue(folder) is { } results)
            {
                tests.Save(results, result.GetValue(model)!, loaded, answered, result.GetValue(blind), cancellation);
            }

            AnswerText.Print(new AnswerText.Report(result.GetValue(model)!, 0, 0, 0, AnswerTests.Scores(answered)), result.GetValue(json));
            return Task.FromResult(0);
        });
        return command;
    }
}
