using Flip.Config;
using Flip.Kernels;
using Flip.Models;
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

/// <summary>AdamW (Loshchilov and Hutter, 2019) on the flat buffers: moments are one fp32 tensor each.</summary>
public sealed class AdamW : IDisposable
{
    private readonly FlatParameters _parameters;
    private readonly AdamWOptions _options;
    private readonly IReadOnlyList<Segment> _segments;

    /// <summary>Moments of zero for all parameters.</summary>
    /// <param name="parameters">What is updated.</param>
    /// <param name="options">Constants.</param>
    /// <param name="rateFactor">A parameter's factor on the learning rate, such as <see cref="LayerDecay.Factor"/>; null for 1.</param>
    public AdamW(FlatParameters parameters, AdamWOptions options, Func<Parameter, double>? rateFactor = null)
    {
        _parameters = parameters;
        _options = options;
        _segments = Divide(parameters, rateFactor ?? (_ => 1));
        FirstMoment = zeros_like(parameters.Master).DetachFromDisposeScope();
        SecondMoment = zeros_like(parameters.Master).DetachFromDisposeScope();
    }

    /// <summary>Moving average of gradients, <c>[parameters]</c>.</summary>
    public Tensor FirstMoment { get; }

    /// <summary>Moving average of squared gradients, <c>[parameters]</c>.</summary>
    public Tensor SecondMoment { get; }

    /// <summary>Updates made so far.</summary>
    public long Steps { get; set; }

    /// <summary>One update from <see cref="FlatParameters.Gradient"/> of the master weights and their copy in the compute type.</summary>
    /// <param name="learningRate">Rate of this step; at 0 only the moments change.</param>
    /// <param name="gradientScale">Factor on the gradient, from <see cref="GradientNorm.Scale"/>.</param>
    public void Step(double learningRate, double gradientScale = 1)
    {
        Steps++;
        if (_parameters.Device.type == DeviceType.CPU && _parameters.ComputeType is ScalarType.Float32 or ScalarType.BFloat16)
        {
            StepInOnePass(learningRate, gradientScale);
            return;
        }

        using var noGrad = no_grad();
        StepByOperations(learningRate, gradientScale);
        _parameters.CastToCompute();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        FirstMoment.Dispose();
        SecondMoment.Dispose();
    }

    private void StepInOnePass(double learningRate, double gradientScale)
    {
        using var weights = TensorAddress.Of<float>(_parameters.Master);
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
        KernelThreads.For(_parameters.Count, (start, end) =>
        {
            foreach (var segment in _segments)
            {
                var (from, to) = (Math.Max(start, segment.Offset), Math.Min(end, segment.Offset + segment.Count));
                if (from < to)
                {
                    AdamWKernel.Run(
                        buffers,
                        update with { LearningRate = (float)(learningRate * segment.RateFactor) },
                        (float)(segment.Decays ? _options.WeightDecay : 0),
                        from,
                        to);
                }
            }
        });
    }

    /// <summary>The same by libtorch's operations, for other devices.</summary>
    internal void StepByOperations(double learningRate, double gradientScale)
    {
        foreach (var segment in _segments)
        {
            StepByOperations(segment.Offset, segment.Count, learningRate * segment.RateFactor, gradientScale);
        }
    }

    /// <summary>Entries all of which decay or none, at one rate.</summary>
    private void StepByOperations(long offset, long count, double learningRate, double gradientScale)
    {
        using var scope = NewDisposeScope();
        Tensor Part(Tensor whole) => whole.narrow(0, offset, count);
        var (weights, first, second) = (Part(_parameters.Master), Part(FirstMoment), Part(SecondMoment));
        var gradient = gradientScale == 1 ? Part(_parameters.Gradient) : Part(_parameters.Gradient).Times(gradientScale);
        first.Times_(_options.Beta1).Plus_(gradient, 1 - _options.Beta1);
        second.Times_(_options.Beta2).PlusProduct_(gradient, gradient, 1 - _options.Beta2);
        var denominator = second.sqrt().Over_(Math.Sqrt(1 - Math.Pow(_options.Beta2, Steps))).Plus_(_options.Eps);

        // As optax: the decay joins the update, so that the weights are rounded once.
        var update = first.Over(1 - Math.Pow(_options.Beta1, Steps)).div_(denominator);
        if (offset < _parameters.DecayedCount)
        {
            update.Plus_(weights, _options.WeightDecay);
        }

        weights.Plus_(update, -learningRate);
    }

    /// <summary>Neighbours that are updated alike, joined: two parts where all rates are one.</summary>
    private static List<Segment> Divide(FlatParameters parameters, Func<Parameter, double> rateFactor)
    {
        var segments = new List<Segment>();
        foreach (var parameter in parameters.All)
        {
            var factor = rateFactor(parameter);
            if (segments is [.., var last] && last.RateFactor == factor && last.Decays == parameter.Decays)
            {
                segments[^1] = last with { Count = last.Count + parameter.Count };
            }
            else
            {
                segments.Add(new Segment(parameter.Offset, parameter.Count, factor, parameter.Decays));
            }
        }

        return segments;
    }

    /// <summary>Consecutive entries of the flat buffers that are updated alike.</summary>
    private readonly record struct Segment(long Offset, long Count, double RateFactor, bool Decays);
}
