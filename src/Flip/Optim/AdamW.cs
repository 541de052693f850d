using Flip.Collectives;
using Flip.Config;
using Flip.Kernels;
using Flip.Models;
using Flip.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Optim;

/// <summary>Constants of <see cref="AdamW"/>.</summary>
/// <param name="Beta1">Decay of the first moment.</param>
/// <param name="Beta2">Decay of the second moment.</param>
/// <param name="Eps">Added to the root of the second moment.</param>
/// <param name="WeightDecay">Decoupled decay, scaled by the learning rate.</param>
public sealed record AdamWOptions(double Beta1, double Beta2, double Eps, double WeightDecay)
{
    /// <summary>Those of a training.</summary>
    public static AdamWOptions Of(OptimizationConfig train) => new(train.Beta1, train.Beta2, train.Eps, train.WeightDecay);
}

/// <summary>AdamW (Loshchilov and Hutter, 2019) on the flat buffers: moments are one fp32 tensor each, of the entries that this rank owns.</summary>
public sealed class AdamW : IDisposable
{
    private readonly FlatParameters _parameters;
    private readonly AdamWOptions _options;
    private readonly IReadOnlyList<OwnedSegment> _segments;
    private FusedAdamW? _fused;

    /// <summary>Moments of zero.</summary>
    /// <param name="parameters">What is updated.</param>
    /// <param name="options">Constants.</param>
    /// <param name="rateFactor">A parameter's factor on the learning rate, such as <see cref="LayerDecay.Factor"/>; null for 1.</param>
    /// <param name="shards">Which entries this rank updates; null for all.</param>
    public AdamW(FlatParameters parameters, AdamWOptions options, Func<Parameter, double>? rateFactor = null, ParameterShards? shards = null)
    {
        _parameters = parameters;
        _options = options;
        var owned = shards?.Owned ?? [new Share(0, parameters.Count)];
        _segments = [.. OwnedSegment.Of(UpdateSegment.Divide(parameters, rateFactor ?? (_ => 1)), owned)];
        var count = owned.Sum(piece => piece.Count);
        FirstMoment = zeros(count, ScalarType.Float32, parameters.Device).DetachFromDisposeScope();
        SecondMoment = zeros(count, ScalarType.Float32, parameters.Device).DetachFromDisposeScope();
    }

    /// <summary>Moving average of gradients, <c>[owned]</c>: the pieces that this rank owns, one behind another.</summary>
    public Tensor FirstMoment { get; }

    /// <summary>Moving average of squared gradients, <c>[owned]</c>.</summary>
    public Tensor SecondMoment { get; }

    /// <summary>Updates made so far.</summary>
    public long Steps { get; set; }

    /// <summary>One update from <see cref="FlatParameters.Gradient"/> of the master weights and their copy in the compute type.</summary>
    /// <param name="learningRate">Rate of this step; at 0 only the moments change.</param>
    /// <param name="gradientScale">Factor on the gradient, from <see cref="GradientNorm.Scale"/>; on another device than the processor the gradient may
    /// be multiplied by it in place.</param>
    public void Step(double learningRate, double gradientScale = 1)
    {
        Steps++;
        if (_parameters.Device.type == DeviceType.CPU && _parameters.ComputeType is ScalarType.Float32 or ScalarType.BFloat16)
        {
            StepInOnePass(learningRate, gradientScale);
            return;
        }

        StepByLibtorch(LibTorchDispatcher.Loaded, learningRate, gradientScale);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        FirstMoment.Dispose();
        SecondMoment.Dispose();
        _fused?.Dispose();
    }

    /// <summary>The update on other devices: fused where this libtorch can be asked for it, else by operations.</summary>
    internal void StepByLibtorch(LibTorchDispatcher? dispatcher, double learningRate, double gradientScale)
    {
        using var noGrad = no_grad();
        if (dispatcher is null)
        {
            StepByOperations(learningRate, gradientScale);
        }
        else
        {
            StepFused(dispatcher, learningRate, gradientScale);
        }

        _parameters.CastToCompute();
    }

    private void StepInOnePass(double learningRate, double gradientScale)
    {
        using var weights = TensorAddress.Of<float>(_parameters.Masters.Own);
        using var gradient = TensorAddress.Of<float>(_parameters.Gradient);
        using var first = TensorAddress.Of<float>(FirstMoment);
        using var second = TensorAddress.Of<float>(SecondMoment);
        using var compute = TensorAddress.Of<ushort>(_parameters.Compute);
        var buffers = new AdamWKernel.Buffers(weights.Value, gradient.Value, first.Value, second.Value, compute.Value);
        var update = new AdamWKernel.Update(
            (float)_options.Beta1,
            (float)_options.Beta2,
            (float)(1 / (1 - Math.Pow(_options.Beta1, Steps))),
            (float)(1 / Math.Sqrt(1 - Math.Pow(_options.Beta2, Steps))),
            (float)_options.Eps,
            (float)learningRate,
            (float)gradientScale);
        var isDivided = _parameters.Masters.IsDivided;
        KernelThreads.For(_parameters.Count, (start, end) =>
        {
            foreach (var (segment, moments) in _segments)
            {
                var (from, to) = (Math.Max(start, segment.Offset), Math.Min(end, segment.Offset + segment.Count));
                if (from < to)
                {
                    var shift = (nint)(moments - segment.Offset) * sizeof(float); // the kernel counts all buffers alike
                    AdamWKernel.Run(
                        buffers with { Weights = buffers.Weights + (isDivided ? shift : 0), First = buffers.First + shift, Second = buffers.Second + shift },
                        update with { LearningRate = (float)(learningRate * segment.RateFactor) },
                        (float)(segment.Decays ? _options.WeightDecay : 0),
                        from,
                        to);
                }
            }
        });
        _parameters.CastKept();
    }

    /// <summary>
    /// The same by libtorch's fused operator, a call for all entries of one rate and decay: 7 passes over memory, and one more for a scaled
    /// gradient, which it writes back.
    /// </summary>
    private void StepFused(LibTorchDispatcher dispatcher, double learningRate, double gradientScale)
    {
        using var scope = NewDisposeScope();
        _fused ??= new FusedAdamW(dispatcher, _options, _parameters.Device);
        _fused.Begin(Steps, gradientScale);
        foreach (var alike in _segments.GroupBy(owned => (owned.Segment.RateFactor, owned.Segment.Decays)))
        {
            var pieces = alike.SelectMany(owned => owned.Aligned()).ToList();
            Tensor[] Parts(Tensor whole) => [.. pieces.Select(piece => whole.narrow(0, piece.Segment.Offset, piece.Segment.Count))];
            Tensor[] Moments(Tensor owned) => [.. pieces.Select(piece => owned.narrow(0, piece.Moments, piece.Segment.Count))];
            _fused.Update(
                _parameters.Masters.IsDivided ? Moments(_parameters.Masters.Own) : Parts(_parameters.Master),
                Parts(_parameters.Gradient),
                Moments(FirstMoment),
                Moments(SecondMoment),
                learningRate * alike.Key.RateFactor,
                alike.Key.Decays);
        }
    }

    /// <summary>The same by libtorch's operations one after another: 20 passes over memory and one temporary.</summary>
    internal void StepByOperations(double learningRate, double gradientScale)
    {
        foreach (var owned in _segments)
        {
            StepByOperations(owned, learningRate * owned.Segment.RateFactor, gradientScale);
        }
    }

    private void StepByOperations(OwnedSegment owned, double learningRate, double gradientScale)
    {
        using var scope = NewDisposeScope();
        var segment = owned.Segment;
        Tensor Part(Tensor whole) => whole.narrow(0, segment.Offset, segment.Count);
        Tensor Moments(Tensor all) => all.narrow(0, owned.Moments, segment.Count);
        var masters = _parameters.Masters;
        var weights = masters.IsDivided ? Moments(masters.Own) : Part(masters.Own);
        var (gradient, first, second) = (Part(_parameters.Gradient), Moments(FirstMoment), Moments(SecondMoment));
        first.Times_(_options.Beta1).Plus_(gradient, (1 - _options.Beta1) * gradientScale);
        second.Times_(_options.Beta2).PlusProduct_(gradient, gradient, (1 - _options.Beta2) * gradientScale * gradientScale);
        if (segment.Decays)
        {
            weights.Times_(1 - (learningRate * _options.WeightDecay));
        }

        // m̂ / (√v̂ + ε) with the corrections of both moments outside: they cost no pass.
        var secondRoot = Math.Sqrt(1 - Math.Pow(_options.Beta2, Steps));
        var denominator = second.sqrt().Plus_(_options.Eps * secondRoot);
        weights.PlusRatio_(first, denominator, -learningRate * secondRoot / (1 - Math.Pow(_options.Beta1, Steps)));
    }
}
