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
    private readonly LarsOptions _options;

    /// <param name="weights">The parameters; not owned, changed in place.</param>
    /// <param name="options">Constants.</param>
    public Lars(IReadOnlyList<Tensor> weights, LarsOptions options)
    {
        (_weights, _options) = (weights, options);
        _velocities = [.. weights.Select(weight => zeros_like(weight).DetachFromDisposeScope())];
    }

    /// <summary>One update.</summary>
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
            var trust = 1.0;
            if (weight.dim() > 1)
            {
                update.Plus_(weight, _options.WeightDecay);
                var (weightNorm, updateNorm) = (Norm(weight), Norm(update));
                trust = weightNorm > 0 && updateNorm > 0 ? _options.TrustCoefficient * weightNorm / updateNorm : 1;
            }

            _velocities[i].Times_(_options.Momentum).Plus_(update, trust);
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
    }

    private static double Norm(Tensor tensor) => Math.Sqrt(tensor.square().sum(ScalarType.Float64).item<double>());
}
