using Microsoft.Extensions.AI;

namespace Flip.Serving.Generators;

/// <summary>What both generators of an engine tell of themselves.</summary>
internal sealed class GeneratorFacts
{
    private const string Provider = "flip";

    private readonly FlipEngine _engine;

    /// <exception cref="MissingAbilityException">The model has no towers.</exception>
    public GeneratorFacts(FlipEngine engine)
    {
        ArgumentNullException.ThrowIfNull(engine);
        var encoder = engine.Model.Encoder ?? throw new MissingAbilityException(Abilities.Embeddings, engine.Model.Name, engine.Model.Abilities);
        _engine = engine;
        Metadata = new EmbeddingGeneratorMetadata(Provider, defaultModelId: engine.Model.Name, defaultModelDimensions: encoder.EmbedDim);
    }

    public EmbeddingGeneratorMetadata Metadata { get; }

    /// <summary>Refuses what the model does not do: embeddings are not cut, and there is one model.</summary>
    public void Check(EmbeddingGenerationOptions? options)
    {
        if (options?.Dimensions is { } dimensions && dimensions != Metadata.DefaultModelDimensions)
        {
            throw new ArgumentException(FormattableString.Invariant($"The embeddings have {Metadata.DefaultModelDimensions} numbers and are not cut; {dimensions} were asked for."), nameof(options));
        }

        if (options?.ModelId is { } model && model != Metadata.DefaultModelId)
        {
            throw new ArgumentException($"The model is '{Metadata.DefaultModelId}'; '{model}' was asked for.", nameof(options));
        }
    }

    public GeneratedEmbeddings<Embedding<float>> Generated(IReadOnlyList<float[]> vectors, long? tokens)
    {
        var now = DateTimeOffset.UtcNow;
        return new(vectors.Select(vector => new Embedding<float>(vector) { ModelId = Metadata.DefaultModelId, CreatedAt = now }))
        {
            Usage = tokens is null ? null : new UsageDetails { InputTokenCount = tokens, TotalTokenCount = tokens },
        };
    }

    public object? Service(object generator, Type type, object? key)
    {
        ArgumentNullException.ThrowIfNull(type);
        return key is not null ? null
            : type == typeof(EmbeddingGeneratorMetadata) ? Metadata
            : type == typeof(FlipEngine) ? _engine
            : type.IsInstanceOfType(generator) ? generator
            : null;
    }
}
