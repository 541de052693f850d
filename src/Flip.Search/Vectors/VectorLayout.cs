using Flip.Search.Interop;

namespace Flip.Search.Vectors;

/// <summary>What a file of vectors has to be: an index's description says it, and the file is held to it.</summary>
/// <param name="Dim">Numbers of a vector, D.</param>
/// <param name="Format">Their format.</param>
/// <param name="Graph">The graph's settings.</param>
internal sealed record VectorLayout(int Dim, VectorFormat Format, GraphSettings Graph)
{
    /// <summary>Number of 32-bit floats in USearch's C interface.</summary>
    public const int FloatKind = 1;

    /// <summary>Bytes of a number.</summary>
    public int NumberBytes => Format switch { VectorFormat.Fp32 => 4, VectorFormat.Fp16 => 2, _ => 1 };

    /// <summary>Bytes of a vector.</summary>
    public int VectorBytes => Dim * NumberBytes;

    /// <summary>The format's number in USearch's C interface.</summary>
    public int Kind => Format switch { VectorFormat.Fp32 => FloatKind, VectorFormat.Fp16 => 3, _ => 4 };

    /// <summary>Options of such an index.</summary>
    public Usearch.Options Options => new()
    {
        MetricKind = Usearch.Cosine,
        Quantization = Kind,
        Dimensions = (nuint)Dim,
        Connectivity = (nuint)Graph.Connectivity,
        ExpansionAdd = (nuint)Graph.ExpansionAdd,
        ExpansionSearch = (nuint)Graph.ExpansionSearch,
    };
}
