using Flip.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Optim;

/// <summary>Constants of <see cref="AdamW"/>.</summary>
/// <param name="Beta1">Decay of the first moment.</param>
/// <param name="Beta2">Decay of the second moment.</param>
/// <param name="Eps">Added to the root of the second moment.</param>
/// <param name="WeightDecay">Decoupled decay, scaled by the learning rate.</param>
public sealed record AdamWOptions(double Beta1, double Beta2, double Eps, double WeightDecay);

/// <summary>AdamW (Loshchilov and Hutter, 2019) on the flat buffers: moments are one fp32 tensor each.</summary>
public sealed class AdamW : IDisposable
{
    private readonly FlatParameters _parameters;
    private readonly AdamWOptions _options;

    /// <summary>Moments of zero for all parameters.</summary>
    public AdamW(FlatParameters parameters, AdamWOptions options)
    {
        _parameters = parameters;
        _options = options;
        FirstMoment = zeros_like(parameters.Master).DetachFromDisposeScope();
        SecondMoment = zeros_like(parameters.Master).DetachFromDisposeScope();
    }

    /// <summary>Moving average of gradients, <c>[parameters]</c>.</summary>
    public Tensor FirstMoment { get; }

    /// <summary>Moving average of squared gradients, <c>[parameters]</c>.</summary>
    public Tensor SecondMoment { get; }

    /// <summary>Updates made so far.</summary>
    public long Steps { get; set; }

    /// <summary>One update from <see cref="FlatParameters.Gradient"/>; the master weights change, the compute copy does not yet.</summary>
    /// <param name="learningRate">Rate of this step; at 0 only the moments change.</param>
    public void Step(double learningRate)
    {
        Steps++;
        _parameters.ForEachBlock((offset, count) => StepBlock(offset, count, learningRate));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        FirstMoment.Dispose();
        SecondMoment.Dispose();
    }

    /// <summary>The update of some entries, all of which decay or none.</summary>
    private void StepBlock(long offset, long count, double learningRate)
    {
        Tensor Block(Tensor whole) => whole.narrow(0, offset, count);
        var (weights, gradient, first, second) = (Block(_parameters.Master), Block(_parameters.Gradient), Block(FirstMoment), Block(SecondMoment));
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
}
