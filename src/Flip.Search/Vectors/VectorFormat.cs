using System.Diagnostics.CodeAnalysis;

namespace Flip.Search.Vectors;

/// <summary>The number format that an index holds its vectors in.</summary>
public enum VectorFormat
{
    /// <summary>32-bit floats: as the model gave them.</summary>
    Fp32,

    /// <summary>16-bit floats: half the size; cosines change by some 0.0001.</summary>
    Fp16,

    /// <summary>8-bit integers: a quarter of the size; cosines change by some 0.003, so close neighbours may change places.</summary>
    [SuppressMessage("Naming", "CA1720:Identifier contains type name", Justification = "It is the format's name, as users write it.")]
    Int8,
}
