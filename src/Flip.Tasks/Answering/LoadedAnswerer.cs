using Flip.Config;
using Flip.Evaluation.Answering;
using Flip.Models;
using Flip.Tokenizers;

namespace Flip.Tasks.Answering;

/// <summary>A model that answers questions about images, with all it needs to be used.</summary>
/// <param name="Config">The configuration of the model whose towers it has.</param>
/// <param name="Tokenizer">Turns questions into tokens.</param>
/// <param name="Answers">The answers that it can give.</param>
/// <param name="Answerer">Towers, head and weights.</param>
public sealed record LoadedAnswerer(FlipConfig Config, ITokenizer Tokenizer, AnswerVocabulary Answers, QuestionAnswerer Answerer) : IDisposable
{
    /// <summary>Whether it is the baseline that was trained without images, and sees none.</summary>
    public bool QuestionOnly { get; init; }

    /// <summary>The most frequent answer of its training, the other baseline; null where that is not known.</summary>
    public string? Majority { get; init; }

    /// <inheritdoc/>
    public void Dispose() => Answerer.Dispose();
}
