using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Flip.Collectives;
using Flip.Config;
using Flip.Data;
using Flip.Data.Classes;
using Flip.Data.Loading;
using Flip.Devices;
using Flip.Evaluation.DataSets;
using Flip.Models;
using Flip.Progress;
using Flip.Tasks.Pretraining;
using Flip.Training;

namespace Flip.Tasks.Finetuning;

/// <summary>
/// What rank 0 has decided about a fine-tuning, as the other ranks get it. They read nothing of the run's folder, nor the model: its weights come from
/// rank 0; the images they read themselves.
/// </summary>
/// <param name="Model">Configuration of the model whose tower is tuned, JSON.</param>
/// <param name="Config">The recipe, JSON.</param>
/// <param name="ClassNames">Names in the order of the labels.</param>
/// <param name="Inputs">Training and test images.</param>
/// <param name="Labels">Hash of the training images' labels.</param>
internal sealed record FinetuneOrder(string Model, string Config, IReadOnlyList<string> ClassNames, FinetuneInputs Inputs, string Labels)
{
    /// <summary>Tells it to the other ranks.</summary>
    public static void Give(ICommunicator ranks, LoadedClassifier loaded, FinetuneConfig config, FinetuneInputs inputs, LabelledImages train)
    {
        if (ranks.World > 1)
        {
            ranks.Broadcast(JsonSerializer.SerializeToUtf8Bytes(new FinetuneOrder(
                ConfigWriter.ToJson(loaded.Config), RecipeFiles.Finetuning.ToJson(config), loaded.ClassNames, inputs, Hash(train))));
        }
    }

    /// <summary>Takes part in a fine-tuning that rank 0 leads, to its end.</summary>
    /// <param name="ranks">All ranks.</param>
    /// <param name="view">Shows progress.</param>
    /// <param name="allowOutside">Whether lists, descriptions and links may name what lies outside their folder.</param>
    /// <param name="cancellation">Stops all ranks after a checkpoint.</param>
    public static void Follow(ICommunicator ranks, IProgressView view, bool allowOutside, CancellationToken cancellation)
    {
        var order = JsonSerializer.Deserialize<FinetuneOrder>(ranks.Broadcast([]))!;
        var model = ConfigReader.Parse(order.Model, "the model of rank 0");
        var config = ResumeRules.Fitted(RecipeFiles.Finetuning.Parse(order.Config, "the recipe of rank 0"), view.Message);
        Compute.UseThreads(config);
        var compute = Compute.Of(config);
        var sources = SourceProgress.Sources(view.Message, allowOutside: allowOutside);
        var (_, train) = LabelledData.OpenLike(order.Inputs.Train, order.Inputs.Classes, true, order.ClassNames, "the run", sources, cancellation);
        order.CheckLabels(train, ranks);
        var tests = TestSets.Open(order.Inputs.Tests, order.Inputs.Classes, order.ClassNames, model, config, view, allowOutside, cancellation, ranks);
        ModelMemory.CheckWeights(ImageClassifier.Declare(model.Model, order.ClassNames.Count, config.Head), compute, trains: true);
        using var classifier = new ImageClassifier(model.Model, order.ClassNames.Count, config.Head, compute.Type, compute.Device, seed: null);
        using var trainer = ClassifierTrainee.Loop(
            classifier,
            config,
            position => FinetuneSession.Loader(config, model, train, position),
            null,
            (now, token) => TestSets.Values(tests.Scores(tests.Classify(now, token))),
            new RunObserver("finetune", view, config.Workers),
            null,
            ranks);
        trainer.Run(cancellation);
    }

    private void CheckLabels(LabelledImages train, ICommunicator ranks)
    {
        if (Hash(train) != Labels)
        {
            throw new ConfigException(
                $"{Inputs.Train}: {ranks.Places[ranks.Rank].Host} sees other images ({train.Images.Count:N0}) than rank 0 on {ranks.Places[0].Host}. All machines must have the same.");
        }
    }

    private static string Hash(LabelledImages train) =>
        Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes<int>(train.Labels.SelectMany(labels => labels.Prepend(labels.Length)).ToArray())));
}
