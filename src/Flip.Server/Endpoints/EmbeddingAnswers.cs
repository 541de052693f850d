using System.Runtime.InteropServices;

namespace Flip.Server.Endpoints;

/// <summary>Embeddings as OpenAI's clients read them.</summary>
/// <param name="Object">Always <c>list</c>.</param>
/// <param name="Data">One for each input, in their order.</param>
/// <param name="Model">The model's name.</param>
/// <param name="Usage">What was read.</param>
internal sealed record EmbeddingList(string Object, IReadOnlyList<EmbeddingItem> Data, string Model, EmbeddingUsage Usage)
{
    /// <summary>The answer for some vectors.</summary>
    internal static EmbeddingList Of(IReadOnlyList<float[]> vectors, string model, long tokens, bool isBase64) => new(
        "list",
        [.. vectors.Select((vector, index) => new EmbeddingItem("embedding", index, isBase64 ? Convert.ToBase64String(MemoryMarshal.AsBytes<float>(vector)) : vector))],
        model,
        new EmbeddingUsage(tokens, tokens));
}

/// <summary>One embedding.</summary>
/// <param name="Object">Always <c>embedding</c>.</param>
/// <param name="Index">Place of its input.</param>
/// <param name="Embedding">A list of numbers, or with <c>encoding_format</c> base64 their fp32 bytes, little-endian.</param>
internal sealed record EmbeddingItem(string Object, int Index, object Embedding);

/// <summary>What was read.</summary>
/// <param name="PromptTokens">Tokens of all texts, markers included; an image has none.</param>
/// <param name="TotalTokens">The same.</param>
internal sealed record EmbeddingUsage(long PromptTokens, long TotalTokens);
