using static TorchSharp.torch;

namespace Flip.Models;

/// <summary>One named weight of a model: a view of the flat buffers of its <see cref="FlatParameters"/>.</summary>
public sealed class Parameter
{
    internal Parameter(string name, long[] shape, Initializer initializer, bool decays, bool keepsFp32)
    {
        Name = name;
        Shape = shape;
        Initializer = initializer;
        Decays = decays;
        KeepsFp32 = keepsFp32;
        Count = shape.Aggregate(1L, (product, size) => product * size);
    }

    /// <summary>Name in checkpoints, dots between parts.</summary>
    public string Name { get; }

    /// <summary>Shape, as the reference implementations of linear algebra hold it: <c>[out, in]</c> for a product.</summary>
    public long[] Shape { get; }

    /// <summary>Number of entries.</summary>
    public long Count { get; }

    /// <summary>Entries from its beginning to that of the next in the flat buffers: <see cref="Count"/>, and zeros up to a multiple of <see cref="FlatParameters.Alignment"/>.</summary>
    public long Room => (Count + FlatParameters.Alignment - 1) / FlatParameters.Alignment * FlatParameters.Alignment;

    /// <summary>True if weight decay applies.</summary>
    public bool Decays { get; }

    /// <summary>True if the value is used in fp32 whatever the compute type.</summary>
    public bool KeepsFp32 { get; }

    /// <summary>Where the parameter begins in the flat buffers, entries.</summary>
    public long Offset { get; internal set; }

    /// <summary>What the forward pass uses, in the compute type; a leaf of the graph.</summary>
    public Tensor Value { get; internal set; } = null!;

    /// <summary>The fp32 master weight, a view.</summary>
    /// <exception cref="InvalidOperationException">There is none: nothing is allocated, or ranks have divided the master weights.</exception>
    public Tensor Master
    {
        get => MasterHere ?? throw new InvalidOperationException($"No master weight of {Name} is here whole.");
        internal set => MasterHere = value;
    }

    /// <summary>The same; null where there is none.</summary>
    internal Tensor? MasterHere { get; set; }

    /// <summary>The fp32 gradient, a view; null in a model that is not trained.</summary>
    public Tensor Gradient { get; internal set; } = null!;

    internal Initializer Initializer { get; }
}
