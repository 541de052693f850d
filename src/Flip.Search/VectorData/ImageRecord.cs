namespace Flip.Search.VectorData;

/// <summary>An image as a record of a vector store.</summary>
public sealed class ImageRecord
{
    /// <summary>Its key.</summary>
    public string Key { get; set; } = "";

    /// <summary>The file that it lies in, or whatever says where it is.</summary>
    public string Path { get; set; } = "";

    /// <summary>Its embedding, of length 1, <c>[D]</c>; null where it was not asked for.</summary>
    public ReadOnlyMemory<float>? Vector { get; set; }
}
