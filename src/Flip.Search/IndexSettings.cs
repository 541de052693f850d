using Flip.Search.Vectors;

namespace Flip.Search;

/// <summary>What an index is made as. It keeps this for its life.</summary>
/// <param name="EmbedDim">Numbers of an embedding, D.</param>
/// <param name="Format">The format of its vectors.</param>
/// <param name="Graph">Settings of its graph.</param>
/// <param name="ThumbnailSide">Longest side of its thumbnails, pixels; 0 without thumbnails.</param>
/// <param name="Model">The model.</param>
public sealed record IndexSettings(int EmbedDim, VectorFormat Format, GraphSettings Graph, int ThumbnailSide, IndexedModel Model)
{
    /// <summary>Longest side of thumbnails, where nothing else is said.</summary>
    public const int DefaultThumbnailSide = 224;

    /// <summary>Longest side that thumbnails may have.</summary>
    public const int MostThumbnailSide = 512;

    /// <summary>Numbers that an embedding may have.</summary>
    public const int MostEmbedDim = 65_536;

    /// <summary>What vectors lie in files as.</summary>
    internal VectorLayout Layout => new(EmbedDim, Format, Graph);

    /// <summary>What is wrong with the values, a sentence each.</summary>
    public IReadOnlyList<string> Problems() =>
    [
        .. EmbedDim is >= 1 and <= MostEmbedDim ? Array.Empty<string>() : [$"An embedding has {EmbedDim} numbers: must be at least 1 and at most {MostEmbedDim}."],
        .. Enum.IsDefined(Format) ? Array.Empty<string>() : [$"{Format} is no number format."],
        .. ThumbnailSide is >= 0 and <= MostThumbnailSide ? Array.Empty<string>() : [$"Thumbnails have a side of {ThumbnailSide}: must be at most {MostThumbnailSide}."],
        .. Graph.Problems(),
    ];

    /// <summary>What another index of the same model has otherwise, a clause each.</summary>
    internal IReadOnlyList<string> DifferencesFrom(IndexSettings other) =>
    [
        .. EmbedDim == other.EmbedDim ? Array.Empty<string>() : [$"embeddings have {EmbedDim} numbers and not {other.EmbedDim}"],
        .. Format == other.Format ? Array.Empty<string>() : [$"the format is {Format} and not {other.Format}"],
        .. Graph == other.Graph ? Array.Empty<string>() : ["the graph's settings are others"],
        .. ThumbnailSide == other.ThumbnailSide ? Array.Empty<string>() : [$"thumbnails have a side of {ThumbnailSide} and not {other.ThumbnailSide} (0 for none)"],
    ];
}
