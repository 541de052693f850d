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
    /// <param name="prompts">The texts of each class.</param>
    /// <param name="batchSize">Texts encoded at a time.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns><c>[classes, embedDim]</c></returns>
    public static float[] Weights(
        FlipModel model, ITokenizer tokenizer, ClassPrompts prompts, int batchSize = 64, CancellationToken cancellation = default)
    {
        var encoder = new InferenceEncoder(model);
        var factor = encoder.LogitScale();
        var classifier = ZeroShotClassifier.Build(encoder, tokenizer, prompts, batchSize, cancellation: cancellation);
        return Array.ConvertAll(classifier.Weights, weight => (float)(factor * weight));
    }
}
