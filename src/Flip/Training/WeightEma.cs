using Flip.Models;
using static TorchSharp.torch;

namespace Flip.Training;

/// <summary>Exponential moving average of the master weights, a flat fp32 tensor that is divided where they are.</summary>
public sealed class WeightEma : IDisposable
{
    /// <summary>Entries that change places at a time, so that an evaluation takes no third copy of the weights.</summary>
    internal const long Piece = 1 << 22;

    private readonly FlatParameters _parameters;
    private readonly MasterWeights _average;
    private readonly double _decay;

    /// <summary>An average that starts at the present weights.</summary>
    /// <param name="parameters">The weights that are averaged.</param>
    /// <param name="decay">Share of the old average kept at each update, in [0, 1).</param>
    public WeightEma(FlatParameters parameters, double decay)
    {
        using var noGrad = no_grad();
        _parameters = parameters;
        _decay = decay;
        _average = new MasterWeights(parameters.Master.clone().DetachFromDisposeScope());
    }

    /// <summary>The average, <c>[parameters]</c>; where ranks have divided the master weights, of this rank's alone.</summary>
    public Tensor Average => _average.Own;

    /// <summary>Moves the average towards the present weights; call after each step.</summary>
    public void Update()
    {
        using var noGrad = no_grad();
        Average.Times_(_decay).Plus_(_parameters.Masters.Own, 1 - _decay);
    }

    /// <summary>Puts the average in the weights' place until the result is disposed.</summary>
    /// <exception cref="InvalidOperationException">Ranks have divided the weights.</exception>
    public IDisposable Applied() => _average.IsDivided ? throw new InvalidOperationException("The average is divided among ranks.") : new Swap(this);

    /// <inheritdoc/>
    public void Dispose() => _average.Dispose();

    /// <summary>Keeps this rank's pieces alone, as its master weights are.</summary>
    internal void Divide()
    {
        if (_parameters.Masters is { IsDivided: true } masters)
        {
            _average.Divide(masters.Pieces);
        }
    }

    /// <inheritdoc cref="MasterWeights.Unite"/>
    internal void Unite(Action<Tensor, Tensor>? gather) => _average.Unite(gather);

    /// <summary>Average and weights change places, as far as they are here; the model reads the one that was the other.</summary>
    internal void Exchange()
    {
        using var noGrad = no_grad();
        var own = _parameters.Masters.Own;
        for (var start = 0L; start < own.numel(); start += Piece)
        {
            using var scope = NewDisposeScope();
            var count = Math.Min(Piece, own.numel() - start);
            var (weights, average) = (own.narrow(0, start, count), Average.narrow(0, start, count));
            var kept = weights.clone();
            weights.copy_(average);
            average.copy_(kept);
        }

        _parameters.CastToCompute();
    }

    private sealed class Swap : IDisposable
    {
        private readonly WeightEma _ema;

        public Swap(WeightEma ema)
        {
            _ema = ema;
            ema.Exchange();
        }

        public void Dispose() => _ema.Exchange();
    }
}
