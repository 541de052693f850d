using Flip.Config;
using Flip.Models;
using Flip.Storage;
using Flip.Tokenizers;

namespace Flip.Serving;

/// <summary>A model as an engine serves it: what it is called, and the parts that it has. One part at least.</summary>
/// <param name="Name">What requests call it.</param>
/// <param name="Config">Configuration of the model, or of the one whose tower it has: image size, transform, length of texts.</param>
/// <param name="BatchSize">Items computed at a time.</param>
/// <param name="Owner">What holds the weights; disposed of with this. Null where nobody does.</param>
public sealed record ServedModel(string Name, FlipConfig Config, int BatchSize, IDisposable? Owner = null) : IDisposable
{
    /// <summary>Both towers; null without.</summary>
    public IDualEncoder? Encoder { get; init; }

    /// <summary>The towers as they are, for looking at an image through masks; null without.</summary>
    public FlipModel? Towers { get; init; }

    /// <summary>The tokenizer of the text tower; null without one.</summary>
    public ITokenizer? Tokenizer { get; init; }

    /// <summary>The model's factor on cosines.</summary>
    public double LogitScale { get; init; } = 1;

    /// <summary>What is added to scaled cosines; null for a model trained with the softmax loss.</summary>
    public double? LogitBias { get; init; }

    /// <summary>A classifier over classes of its own; null without.</summary>
    public IClassScorer? Classifier { get; init; }

    /// <summary>A captioner; null without.</summary>
    public ICaptionSource? Captions { get; init; }

    /// <summary>What answers questions; null without.</summary>
    public IAnswerSource? Answers { get; init; }

    /// <summary>Names of what it can do (<see cref="Serving.Abilities"/>).</summary>
    public IReadOnlyList<string> Abilities =>
    [
        .. Encoder is null ? [] : new[] { Serving.Abilities.Embeddings },
        .. Classifier is null ? [] : new[] { Serving.Abilities.Classes },
        .. Captions is null ? [] : new[] { Serving.Abilities.Captions },
        .. Answers is null ? [] : new[] { Serving.Abilities.Answers },
    ];

    /// <summary>Both towers of a model that has been opened (<c>ModelSource.Load</c>). They see whole images, which the setting <c>eval.runtime</c> says who computes.</summary>
    /// <param name="loaded">The model; owned by what is returned.</param>
    /// <param name="name">What requests call it.</param>
    /// <exception cref="VocabularyException">It has no tokenizer, or a damaged one.</exception>
    public static ServedModel Of(LoadedModel loaded, string name)
    {
        ArgumentNullException.ThrowIfNull(loaded);
        var towers = new InferenceEncoder(loaded.Model);
        return new ServedModel(name, loaded.Config, loaded.BatchSize, loaded)
        {
            Encoder = loaded.Encoder,
            Towers = loaded.Model,
            Tokenizer = loaded.Tokenizer,
            LogitScale = towers.LogitScale(),
            LogitBias = towers.LogitBias(),
        };
    }

    /// <inheritdoc/>
    public void Dispose() => Owner?.Dispose();
}
