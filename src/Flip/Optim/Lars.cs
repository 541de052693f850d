using Flip.Models;
using static TorchSharp.torch;

namespace Flip.Optim;

/// <summary>Constants of <see cref="Lars"/>.</summary>
/// <param name="Momentum">Decay of the velocity.</param>
/// <param name="WeightDecay">Factor on the weights that joins the gradient of those that adapt.</param>
/// <param name="TrustCoefficient">Size of an update of those that adapt, relative to its weights, at a learning rate of 1.</param>
public sealed record LarsOptions(double Momentum = 0.9, double WeightDecay = 0, double TrustCoefficient = 0.001);

/// <summary>
/// LARS (You et al., "Large batch training of convolutional networks", 2017) in the form of MAE's linear probe: SGD with momentum, in which
/// the update of each matrix is brought to a fixed share of its weights' norm before it joins the velocity. Vectors (biases, scales) neither
/// adapt nor decay.
/// </summary>
public sealed class Lars : IDisposable
{
    private readonly IReadOnlyList<Tensor> _weights;
    private readonly Tensor[] _velocities;
    private readonly Tensor _one; // fp64, a number
    private readonly LarsOptions _options;

    /// <param name="weights">The parameters; not owned, changed in place.</param>
    /// <param name="options">Constants.</param>
    public Lars(IReadOnlyList<Tensor> weights, LarsOptions options)
    {
        (_weights, _options) = (weights, options);
        _velocities = [.. weights.Select(weight => zeros_like(weight).DetachFromDisposeScope())];
        _one = ones(1, ScalarType.Float64, weights[0].device).DetachFromDisposeScope();
    }

    /// <summary>One update, which is left to the device: nothing is read back.</summary>
    /// <param name="gradients">Gradient of each parameter; changed in place.</param>
    /// <param name="learningRate">Rate of this step.</param>
    public void Step(IReadOnlyList<Tensor> gradients, double learningRate)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(gradients.Count, _weights.Count, nameof(gradients));
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        for (var i = 0; i < _weights.Count; i++)
        {
            var (weight, update) = (_weights[i], gradients[i]);
            _velocities[i].Times_(_options.Momentum);
            if (weight.dim() > 1)
            {
                update.Plus_(weight, _options.WeightDecay);
                _velocities[i].PlusProduct_(update, Trust(weight, update), 1);
            }
            else
            {
                _velocities[i].Plus_(update);
            }

            weight.Plus_(_velocities[i], -learningRate);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var velocity in _velocities)
        {
            velocity.Dispose();
        }

        _one.Dispose();
    }

    /// <summary>coefficient · ‖weights‖ / ‖update‖, and 1 where either norm is 0; a number in the weights' type.</summary>
    private Tensor Trust(Tensor weight, Tensor update)
    {
        var (weightNorm, updateNorm) = (Norm(weight), Norm(update));
        var ratio = weightNorm.Times(_options.TrustCoefficient) / updateNorm;
        return where((weightNorm * updateNorm).to(ScalarType.Bool), ratio, _one).to(weight.dtype);
    }

    private static Tensor Norm(Tensor tensor) => tensor.Squared().sum(ScalarType.Float64).sqrt();
}
