namespace Flip.Serving;

/// <summary>Embeddings of texts.</summary>
/// <param name="Vectors">One of length 1 for each text, <c>[EmbedDim]</c>.</param>
/// <param name="Tokens">Tokens that the model read, markers included: a text that is longer than its rows is cut.</param>
public sealed record EmbeddedTexts(IReadOnlyList<float[]> Vectors, long Tokens);
