using Flip.Collectives;
using static TorchSharp.torch;

namespace Flip.Models;

/// <summary>
/// What a model reads that computes below fp32: the weights of products in the compute type, and in fp32 the tables that are looked up and the
/// scalars. Its leaves stay the same tensors, whatever becomes of the master weights.
/// </summary>
internal sealed class ComputeWeights : IDisposable
{
    private readonly List<(Parameter Parameter, long Offset)> _kept = [];

    /// <param name="parameters">All parameters, with their places in the flat buffers.</param>
    /// <param name="count">Entries of the flat buffers.</param>
    /// <param name="type">Number format of products.</param>
    /// <param name="device">Where the buffers are.</param>
    /// <param name="trains">Makes room for gradients.</param>
    public ComputeWeights(IReadOnlyList<Parameter> parameters, long count, ScalarType type, Device device, bool trains)
    {
        var kept = 0L;
        foreach (var parameter in parameters.Where(parameter => parameter.KeepsFp32))
        {
            _kept.Add((parameter, kept));
            kept += parameter.Room;
        }

        using var scope = NewDisposeScope();
        Low = zeros(count, type, device).DetachFromDisposeScope();
        Gradient = zeros(trains ? count : 0, type, device).DetachFromDisposeScope();
        Kept = zeros(kept, ScalarType.Float32, device).DetachFromDisposeScope();
    }

    /// <summary>All weights in the compute type, <c>[count]</c>; those that are read in fp32 have a place too, which nothing reads.</summary>
    public Tensor Low { get; }

    /// <summary>Gradients in the compute type, <c>[count]</c>.</summary>
    public Tensor Gradient { get; }

    /// <summary>The weights that are read in fp32, one behind another.</summary>
    public Tensor Kept { get; }

    /// <summary>What the model reads of a parameter.</summary>
    public Tensor View(Parameter parameter) => parameter.KeepsFp32
        ? Kept.narrow(0, _kept.Find(one => one.Parameter == parameter).Offset, parameter.Count).view(parameter.Shape)
        : Low.narrow(0, parameter.Offset, parameter.Count).view(parameter.Shape);

    /// <summary>Copies all master weights that are here.</summary>
    public void Fill(MasterWeights masters)
    {
        foreach (var (first, values) in masters.Within(new Share(0, Low.numel())))
        {
            Low.narrow(0, first, values.numel()).copy_(values);
        }

        FillKept(masters);
    }

    /// <summary>Copies those that are read in fp32.</summary>
    public void FillKept(MasterWeights masters)
    {
        foreach (var (first, values) in masters.Within(new Share(0, Low.numel())))
        {
            foreach (var (entries, kept) in KeptWithin(new Share(first, values.numel())))
            {
                kept.copy_(values.narrow(0, entries.First - first, entries.Count));
            }
        }
    }

    /// <summary>What is read in fp32 of some entries of the flat buffers: which ones, and their values.</summary>
    public IEnumerable<(Share Entries, Tensor Values)> KeptWithin(Share range) =>
        from kept in _kept
        let entries = range.Within(new Share(kept.Parameter.Offset, kept.Parameter.Count))
        where entries.Count > 0
        select (entries, Kept.narrow(0, kept.Offset + entries.First - kept.Parameter.Offset, entries.Count));

    /// <inheritdoc/>
    public void Dispose()
    {
        Low.Dispose();
        Gradient.Dispose();
        Kept.Dispose();
    }
}
