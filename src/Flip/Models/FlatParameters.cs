using Flip.Collectives;
using Flip.Kernels;
using Flip.Native;
using Flip.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Models;

/// <summary>
/// All weights of a model in one contiguous fp32 buffer, their gradients in a second; each <see cref="Parameter"/> is a
/// view. Optimiser, gradient norm and checkpoint are then one operation each. Decayed parameters come first, so that
/// weight decay is one range.
/// </summary>
/// <remarks>
/// With a compute type below fp32 the model reads buffers of its own (<see cref="ComputeWeights"/>): <see cref="CastToCompute"/> fills them
/// before a step, <see cref="AccumulateGradient()"/> adds their gradients to <see cref="Gradient"/> after each backward pass. In fp32 both do nothing,
/// since the views are of the masters themselves. Ranks that share a training can then keep only a part of the masters each (<see cref="Divide"/>).
/// </remarks>
public sealed class FlatParameters : IDisposable
{
    /// <summary>
    /// A parameter begins at a multiple of this many entries, 64 bytes in bf16. Kernels of a device move 16 bytes at a time only from such places: without,
    /// the logit scale alone made every LayerNorm three times slower.
    /// </summary>
    public const int Alignment = 32;

    private readonly List<Parameter> _parameters = [];
    private readonly HashSet<string> _names = [];
    private ComputeWeights? _compute;
    private MasterWeights? _masters;

    /// <summary>No parameters yet.</summary>
    public FlatParameters()
    {
        LibTorch.EnsureLoaded();
        Device = CPU;
    }

    /// <summary>The parameters, after <see cref="Allocate"/> in the order of the flat buffers.</summary>
    public IReadOnlyList<Parameter> All => _parameters;

    /// <summary>Entries of the buffers: those of all parameters, and the zeros between them.</summary>
    public long Count { get; private set; }

    /// <summary>Entries at the front of the buffers that weight decay applies to.</summary>
    public long DecayedCount { get; private set; }

    /// <summary>Master weights, fp32, <c>[Count]</c>.</summary>
    /// <exception cref="InvalidOperationException">Nothing is allocated, or ranks have divided them.</exception>
    public Tensor Master => _masters is { IsDivided: false } whole ? whole.Own : throw new InvalidOperationException("No master weights are here whole.");

    /// <summary>Gradient of the loss, fp32, <c>[Count]</c>; empty in a model that is not trained.</summary>
    public Tensor Gradient { get; private set; } = null!;

    /// <summary>Number format of products.</summary>
    public ScalarType ComputeType { get; private set; } = ScalarType.Float32;

    /// <summary>The weights in the compute type, <c>[Count]</c>; null where that is fp32.</summary>
    internal Tensor? Compute => _compute?.Low;

    /// <summary>The master weights, of which ranks may have a part each.</summary>
    internal MasterWeights Masters => _masters ?? throw new InvalidOperationException("Nothing is allocated.");

    /// <summary>Where the buffers are.</summary>
    public Device Device { get; private set; }

    /// <summary>Declares a parameter; its tensors exist after <see cref="Allocate"/>.</summary>
    /// <param name="name">Name in checkpoints, unique.</param>
    /// <param name="shape">Shape.</param>
    /// <param name="initializer">First values.</param>
    /// <param name="decays">Weight decay applies.</param>
    /// <param name="keepsFp32">Used in fp32 whatever the compute type: tables that are looked up, and scalars.</param>
    public Parameter Add(string name, long[] shape, Initializer initializer, bool decays, bool keepsFp32 = false)
    {
        if (_masters is not null || !_names.Add(name))
        {
            throw new InvalidOperationException($"Parameter '{name}' is declared twice or after the buffers were made.");
        }

        var parameter = new Parameter(name, shape, initializer, decays, keepsFp32);
        _parameters.Add(parameter);
        return parameter;
    }

    /// <summary>Makes the buffers and the first weights.</summary>
    /// <param name="computeType">Number format of products.</param>
    /// <param name="device">Where the buffers are.</param>
    /// <param name="seed">Seed of the first weights; null leaves them 0, to be read from a file.</param>
    /// <param name="trains">Makes room for gradients; without, a model takes half the memory.</param>
    public void Allocate(ScalarType computeType, Device device, ulong? seed, bool trains)
    {
        ComputeType = computeType;
        Device = device;
        var ordered = _parameters.OrderBy(p => p.Decays ? 0 : 1).ToList(); // stable: declared order within each part
        _parameters.Clear();
        _parameters.AddRange(ordered);
        foreach (var parameter in _parameters)
        {
            parameter.Offset = Count;
            Count += parameter.Room;
            DecayedCount += parameter.Decays ? parameter.Room : 0;
        }

        _masters = new MasterWeights(zeros(Count, ScalarType.Float32, device).DetachFromDisposeScope());
        Gradient = zeros(trains ? Count : 0, ScalarType.Float32, device).DetachFromDisposeScope();
        _compute = computeType == ScalarType.Float32 ? null : new ComputeWeights(_parameters, Count, computeType, device, trains);
        BindMasters();
        foreach (var parameter in _parameters)
        {
            Bind(parameter, trains);
        }

        if (seed is { } known)
        {
            Initialize(known);
        }
    }

    /// <summary>Copies the master weights, as far as they are here, to what the model reads; call after they change.</summary>
    public void CastToCompute()
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        _compute?.Fill(Masters);
    }

    /// <summary>Of those the tables and scalars alone, where an update has written the rest.</summary>
    internal void CastKept()
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        _compute?.FillKept(Masters);
    }

    /// <summary>What the model reads of some entries in fp32 though it computes below; see <see cref="ComputeWeights.KeptWithin"/>.</summary>
    internal IEnumerable<(Share Entries, Tensor Values)> KeptWithin(Share range) => _compute?.KeptWithin(range) ?? [];

    /// <summary>Tensors that hold all weights on every rank, whoever has the masters.</summary>
    internal IReadOnlyList<Tensor> Shared => Masters.IsDivided ? [_compute!.Low, _compute.Kept] : [Master];

    /// <summary>Keeps only some pieces of the master weights, where the model reads other buffers; else nothing changes.</summary>
    /// <param name="pieces">What this rank owns.</param>
    internal void Divide(IReadOnlyList<Share> pieces)
    {
        if (_compute is null)
        {
            return;
        }

        ReleaseMasters();
        Masters.Divide(pieces);
    }

    /// <summary>Makes the master weights whole again; see <see cref="MasterWeights.Unite"/>.</summary>
    internal void Unite(Action<Tensor, Tensor>? gather)
    {
        if (Masters.IsDivided)
        {
            Masters.Unite(gather);
            BindMasters();
        }
    }

    /// <summary>Changes a parameter entry by entry: its master weight as far as that is here, and what the model reads of it in fp32.</summary>
    internal void Change(Parameter parameter, Action<Tensor> change)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (_, values) in Masters.Within(new Share(parameter.Offset, parameter.Count)))
        {
            change(values);
        }

        if (_compute is not null && parameter.KeepsFp32)
        {
            change(parameter.Value);
        }
    }

    /// <summary>Adds the compute type's gradients to <see cref="Gradient"/> and clears them; call after each backward pass.</summary>
    public void AccumulateGradient() => AccumulateGradient(0, Count);

    /// <summary>The same of some entries.</summary>
    /// <param name="first">The first one.</param>
    /// <param name="count">How many.</param>
    internal void AccumulateGradient(long first, long count)
    {
        if (_compute is null)
        {
            return;
        }

        if (Device.type == DeviceType.CPU && ComputeType == ScalarType.BFloat16)
        {
            using var sum = TensorAddress.Of<float>(Gradient);
            using var part = TensorAddress.Of<ushort>(_compute.Gradient);
            KernelThreads.For(count, (start, end) => GradientKernel.Gather(sum.Value, part.Value, first + start, first + end));
            return;
        }

        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var added = _compute.Gradient.narrow(0, first, count);
        Gradient.narrow(0, first, count).Plus_(added); // a GPU converts as it reads: no copy in fp32
        added.zero_();
    }

    /// <summary>Clears the gradient; call before a step.</summary>
    public void ZeroGradient() => Gradient.zero_();

    /// <summary>The parameter of a name, or null.</summary>
    public Parameter? Find(string name) => _parameters.Find(p => p.Name == name);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var parameter in _parameters)
        {
            parameter.Value?.Dispose();
            parameter.Gradient?.Dispose();
        }

        ReleaseMasters();
        _masters?.Dispose();
        Gradient?.Dispose();
        _compute?.Dispose();
    }

    private void BindMasters()
    {
        using var noGrad = no_grad();
        foreach (var parameter in _parameters)
        {
            using var scope = NewDisposeScope();
            parameter.Master = View(Master, parameter).DetachFromDisposeScope();
        }
    }

    private void ReleaseMasters()
    {
        foreach (var parameter in _parameters)
        {
            parameter.MasterHere?.Dispose();
            parameter.MasterHere = null;
        }
    }

    private void Bind(Parameter parameter, bool trains)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var read = _compute?.View(parameter) ?? View(Master, parameter);
        if (!trains)
        {
            parameter.Value = read.DetachFromDisposeScope();
            return;
        }

        parameter.Gradient = View(Gradient, parameter).DetachFromDisposeScope();

        // A leaf of its own that shares storage: autograd then adds into our gradient buffer in place.
        parameter.Value = read.detach().requires_grad_(true).DetachFromDisposeScope();
        parameter.Value.grad = View(parameter.KeepsFp32 ? Gradient : _compute?.Gradient ?? Gradient, parameter);
    }

    private static Tensor View(Tensor buffer, Parameter parameter) =>
        buffer.narrow(0, parameter.Offset, parameter.Count).view(parameter.Shape);

    private void Initialize(ulong seed)
    {
        using var noGrad = no_grad();
        foreach (var parameter in _parameters)
        {
            using var scope = NewDisposeScope();
            var random = new CounterRandom(seed, RandomPurpose.Weights, item: CounterRandom.HashName(parameter.Name));
            var weights = new float[parameter.Count];
            parameter.Initializer.Fill(weights, ref random);
            parameter.Master.copy_(tensor(weights).view(parameter.Shape));
        }

        CastToCompute();
    }
}
