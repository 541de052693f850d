using Flip.Models;
using static TorchSharp.torch;

namespace Flip.Training;

/// <summary>Exponential moving average of the master weights, one flat fp32 tensor.</summary>
public sealed class WeightEma : IDisposable
{
    /// <summary>Entries that change places at a time, so that an evaluation takes no third copy of the weights.</summary>
    internal const long Piece = 1 << 22;

    private readonly FlatParameters _parameters;
    private readonly double _decay;

    /// <summary>An average that starts at the present weights.</summary>
    /// <param name="parameters">The weights that are averaged.</param>
    /// <param name="decay">Share of the old average kept at each update, in [0, 1).</param>
    public WeightEma(FlatParameters parameters, double decay)
    {
        using var noGrad = no_grad();
        _parameters = parameters;
        _decay = decay;
        Average = parameters.Master.clone().DetachFromDisposeScope();
    }

    /// <summary>The average, <c>[parameters]</c>.</summary>
    public Tensor Average { get; }

    /// <summary>Moves the average towards the present weights; call after each step.</summary>
    public void Update()
    {
        using var noGrad = no_grad();
        Average.Times_(_decay).Plus_(_parameters.Master, 1 - _decay);
    }

    /// <summary>Puts the average in the weights' place until the result is disposed, for an evaluation.</summary>
    public IDisposable Applied() => new Swap(this);

    /// <inheritdoc/>
    public void Dispose() => Average.Dispose();

    private void Exchange()
    {
        using var noGrad = no_grad();
        for (var start = 0L; start < _parameters.Count; start += Piece)
        {
            using var scope = NewDisposeScope();
            var count = Math.Min(Piece, _parameters.Count - start);
            var (weights, average) = (_parameters.Master.narrow(0, start, count), Average.narrow(0, start, count));
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
