using Microsoft.Extensions.AI;

namespace Flip.Serving.Generators;

/// <summary>Embeddings of texts, as programs ask for them that know no Flip (<c>Microsoft.Extensions.AI</c>).</summary>
/// <param name="engine">Computes; not owned.</param>
public sealed class TextEmbeddingGenerator(FlipEngine engine) : IEmbeddingGenerator<string, Embedding<float>>
{
    private readonly GeneratorFacts _facts = new(engine);

    /// <inheritdoc/>
    /// <remarks>A text that is longer than the model's rows is cut, as in training.</remarks>
    /// <exception cref="ArgumentException">Another width or another model is asked for.</exception>
    /// <exception cref="Batching.QueueFullException">Too many items wait.</exception>
    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        _facts.Check(options);
        var found = await engine.EmbedTextsAsync([.. values], cancellationToken).ConfigureAwait(false);
        return _facts.Generated(found.Vectors, found.Tokens);
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null) => _facts.Service(this, serviceType, serviceKey);

    /// <summary>Does nothing: the engine is its owner's.</summary>
    public void Dispose()
    {
    }
}
