using Flip.Evaluation.ZeroShot;
using Flip.Models;
using Flip.Tokenizers;

namespace Flip.Evaluation.Classification;

/// <summary>The zero-shot classifier as the weights of a linear layer: a class's embedding times the factor that the model was trained with.</summary>
public static class ZeroShotHead
{
    /// <summary>The weights for a model's normalised image embeddings.</summary>
    /// <param name="model">The model; its text tower is used.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="classNames">Names in the order of the classes.</param>
    /// <param name="templates">Texts with <c>{c}</c> for the name.</param>
    /// <param name="batchSize">Texts encoded at a time.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns><c>[classes, embedDim]</c></returns>
    /// <exception cref="Flip.Config.ConfigException">Names or templates make no classifier.</exception>
    public static float[] Weights(
        FlipModel model,
        ITokenizer tokenizer,
        IReadOnlyList<string> classNames,
        IReadOnlyList<string> templates,
        int batchSize = 64,
        CancellationToken cancellation = default)
    {
        var encoder = new InferenceEncoder(model);
        var factor = encoder.LogitScale();
        var classifier = ZeroShotClassifier.Build(encoder, tokenizer, classNames, templates, batchSize, cancellation);
        return Array.ConvertAll(classifier.Weights, weight => (float)(factor * weight));
    }
}
