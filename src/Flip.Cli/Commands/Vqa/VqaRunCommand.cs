using System.CommandLine;
using Flip.Cli.Reporting;
using Flip.Config;
using Flip.Data;
using Flip.Data.Images;
using Flip.Data.Layouts;
using Flip.Data.Loading;
using Flip.Data.Questions;
using Flip.Devices;
using Flip.Evaluation.Outcomes;
using Flip.Models;
using Flip.Progress;
using Flip.Tasks.Answering;

namespace Flip.Cli.Commands.Vqa;

/// <summary><c>flip vqa run</c>: answers to questions about images.</summary>
internal static class VqaRunCommand
{
    private const int MostAnswers = 1000;

    public static Command Create()
    {
        var model = new Argument<string>("answerer") { Description = "Finished model that answers questions: its folder, or its run." };
        var images = new Argument<string[]>("images") { Description = "Images, folders, lists (.txt with one path a line) or .tar shards; without --ask, a source with questions of its own.", Arity = ArgumentArity.OneOrMore };
        var ask = new Option<string[]>("--ask") { Description = "A question, asked about every image; may be repeated." };
        var top = new Option<int>("--top") { Description = "Answers to each question, with their probabilities.", DefaultValueFactory = _ => 1 };
        var json = new Option<bool>("--json") { Description = "Print the format of VQA's server: a list of question_id and answer." };
        var use = new UseOptions<AnswerConfig>(RecipeFiles.Answering, "Images, and questions, at a time.", []);
        var command = new Command("run", "Answer questions about images.") { model, images, ask, top, DataOptions.AllowOutside, json };
        use.AddTo(command);
        command.SetAction((result, cancellation) =>
        {
            var (config, count, isJson) = (use.Config(result), result.GetValue(top), result.GetValue(json));
            if (count is < 1 or > MostAnswers)
            {
                throw new ConfigException($"--top {count}: expected 1 to {MostAnswers}.");
            }

            using var view = Consoles.Progress(json: true); // answers alone are the output
            var options = SourceProgress.Sources(view.Message, allowOutside: result.GetValue(DataOptions.AllowOutside));
            var sets = result.GetValue(images)!.Select(source => Open(source, result.GetValue(ask) ?? [], options, cancellation)).ToList();
            Compute.UseThreads(config);
            var compute = Compute.Of(config);
            using var loaded = AnswererFolder.Load(result.GetValue(model)!, compute);
            var writer = new AnswerWriter(loaded, count);
            var batchSize = ModelMemory.EncodingBatch(loaded.Config.Model, compute, config.EvalBatchSize);
            var found = new List<AnswerText.Answered>();
            foreach (var set in sets)
            {
                var meter = new ItemMeter(view, "answer", "questions", set.Questions.Count);
                var loader = new ImageLoader(set.Images, EvaluationTransform.Of(loaded.Config), config.Workers);
                var given = writer.Answer(set, loader, batchSize, meter.Report, cancellation: cancellation);
                string[] keys = [.. set.Images.Keys()];
                found.AddRange(set.Questions.Zip(given, (question, answers) => new AnswerText.Answered(question.Id, keys[question.Image], question.Question, answers)));
            }

            AnswerText.Print(found, isJson);
            return Task.FromResult(0);
        });
        return command;
    }

    /// <summary>Images with the questions that are asked about each, or with their own, which need no answers here.</summary>
    private static QuestionedImages Open(string source, string[] asked, SourceOptions options, CancellationToken cancellation)
    {
        if (asked.Length == 0)
        {
            return QuestionedSources.Open(source, new LayoutOptions { AllowNoAnswer = true, Source = options }, cancellation);
        }

        if (Array.Exists(asked, string.IsNullOrWhiteSpace))
        {
            throw new ConfigException("--ask: the question is blank.");
        }

        var images = ImageSources.Open(source, options, cancellation);
        return new QuestionedImages(
            images,
            [.. images.Keys().Index().SelectMany(image => asked.Select((question, place) => new ImageQuestion(asked.Length == 1 ? image.Item : FormattableString.Invariant($"{image.Item}#{place}"), image.Index, question, [])))]);
    }
}
