using System.Text.Json;
using Flip.Collectives;
using Flip.Config;
using Flip.Devices;
using Flip.Models;
using Flip.Progress;
using Flip.Tasks.Pretraining;
using Flip.Tokenizers;
using Flip.Training;

namespace Flip.Tasks.Captioning;

/// <summary>
/// What rank 0 has decided about the training of a captioner, as the other ranks get it, beside the <see cref="TrainingOrder"/> of model, words and data. They
/// read nothing of the run's folder, nor the model: its weights come from rank 0; the images they read themselves.
/// </summary>
/// <param name="Config">The recipe, JSON.</param>
/// <param name="Inputs">Training and test images.</param>
internal sealed record CaptionOrder(string Config, CaptionInputs Inputs)
{
    /// <summary>Tells it to the other ranks.</summary>
    public static void Give(ICommunicator ranks, RunFolder run, LoadedCaptioner loaded, CaptionConfig config, CaptionInputs inputs, TrainingData data)
    {
        if (ranks.World > 1)
        {
            ranks.Broadcast(JsonSerializer.SerializeToUtf8Bytes(new CaptionOrder(RecipeFiles.Captioning.ToJson(config), inputs)));
            loaded.Tokenizer.Save(run.Tokenizer);
            TrainingOrder.Give(ranks, loaded.Config, run.Tokenizer, data);
        }
    }

    /// <summary>Takes part in a training that rank 0 leads, to its end.</summary>
    /// <param name="ranks">All ranks.</param>
    /// <param name="view">Shows progress.</param>
    /// <param name="allowOutside">Whether lists, descriptions and links may name what lies outside their folder.</param>
    /// <param name="cancellation">Stops all ranks after a checkpoint.</param>
    public static void Follow(ICommunicator ranks, IProgressView view, bool allowOutside, CancellationToken cancellation)
    {
        var order = JsonSerializer.Deserialize<CaptionOrder>(ranks.Broadcast([]))!;
        var training = TrainingOrder.Take(ranks);
        var model = training.ReadConfig();
        var config = ResumeRules.Fitted(RecipeFiles.Captioning.Parse(order.Config, "the recipe of rank 0"), view.Message);
        Compute.UseThreads(config);
        var compute = Compute.Of(config);
        var data = TrainingData.Open(CaptionSession.DataOf(model.Data, order.Inputs), view.Message, cancellation, allowOutside);
        training.CheckData(data, ranks);
        var tests = CaptionTests.Open(order.Inputs.Tests, config, view, allowOutside, cancellation, ranks);
        var tokenizer = new MarkedTokenizer(training.ReadTokenizer());
        ModelMemory.CheckWeights(Captioner.Declare(model.Model, config.Head, tokenizer.VocabularySize), compute, trains: true);
        using var loaded = new LoadedCaptioner(
            model, tokenizer, new Captioner(model.Model, config.Head, tokenizer.VocabularySize, compute.Type, compute.Device, seed: null));
        using var trainer = CaptionTrainee.Loop(
            loaded.Captioner,
            config,
            position => CaptionSession.Loader(config, loaded, data, null, position),
            null,
            (_, token) => CaptionTests.Values(tests.Write(loaded, token)),
            new RunObserver("caption", view, config.Workers),
            null,
            ranks);
        trainer.Run(cancellation);
    }
}
