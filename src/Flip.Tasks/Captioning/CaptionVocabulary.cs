using Flip.Config;
using Flip.Storage;
using Flip.Tasks.Pretraining;
using Flip.Tokenizers;

namespace Flip.Tasks.Captioning;

/// <summary>Where the words of a captioner come from.</summary>
internal static class CaptionVocabulary
{
    /// <summary>What is written for a vocabulary that is learnt from the training captions.</summary>
    public const string Learnt = "learn";

    /// <summary>The tokenizer of captions.</summary>
    /// <param name="written">A file or folder, <see cref="Learnt"/>, or null for the model's own.</param>
    /// <param name="stored">The model.</param>
    /// <param name="data">The training data.</param>
    /// <param name="say">Receives what is learnt.</param>
    /// <param name="cancellation">Stops the learning.</param>
    /// <exception cref="VocabularyException">There is none, or a damaged one.</exception>
    public static ITokenizer Open(string? written, StoredModel stored, TrainingData data, Action<string> say, CancellationToken cancellation)
    {
        var own = stored.Config.Data;
        return written switch
        {
            null => stored.TokenizerFor(own),
            Learnt => data.Tokenizer(new DataConfig { LearnedVocabularySize = own.LearnedVocabularySize }, say, cancellation),
            _ => data.Tokenizer(own with { Vocabulary = written }, say, cancellation),
        };
    }
}
