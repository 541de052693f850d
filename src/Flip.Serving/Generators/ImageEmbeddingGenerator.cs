using Microsoft.Extensions.AI;

namespace Flip.Serving.Generators;

/// <summary>Embeddings of images, as programs ask for them that know no Flip (<c>Microsoft.Extensions.AI</c>). They are in the space of those of <see cref="TextEmbeddingGenerator"/>.</summary>
/// <param name="engine">Computes; not owned.</param>
public sealed class ImageEmbeddingGenerator(FlipEngine engine) : IEmbeddingGenerator<DataContent, Embedding<float>>
{
    private readonly GeneratorFacts _facts = new(engine);

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A content is no image, or another width or another model is asked for.</exception>
    /// <exception cref="UnusableImageException">One of them cannot be decoded.</exception>
    /// <exception cref="Batching.QueueFullException">Too many items wait.</exception>
    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<DataContent> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        _facts.Check(options);
        var contents = values.ToList();
        if (contents.Find(content => !content.HasTopLevelMediaType("image")) is { } other)
        {
            throw new ArgumentException($"Expected images, got '{other.MediaType}'.", nameof(values));
        }

        var found = await engine.EmbedImagesAsync([.. contents.Select(content => content.Data)], cancellationToken).ConfigureAwait(false);
        return _facts.Generated(found, tokens: null);
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null) => _facts.Service(this, serviceType, serviceKey);

    /// <summary>Does nothing: the engine is its owner's.</summary>
    public void Dispose()
    {
    }
}
