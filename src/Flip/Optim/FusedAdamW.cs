using Flip.Models;
using Flip.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Optim;

/// <summary>
/// libtorch's fused AdamW, which TorchSharp does not have: weights, gradient and moments are read once, weights and moments written once. The numbers of a step
/// that the operator wants as tensors are filled on the device, so no step waits for it.
/// </summary>
/// <remarks>The decay is a rounding of its own here: the weights become w·(1 - rate·decay) before the update is taken from them.</remarks>
internal sealed class FusedAdamW : IDisposable
{
    private readonly LibTorchDispatcher _dispatcher;
    private readonly AdamWOptions _options;
    private readonly Tensor _steps;
    private readonly Tensor _divisor;
    private bool _divides;

    /// <param name="dispatcher">Who is called.</param>
    /// <param name="options">Constants.</param>
    /// <param name="device">Where the tensors are.</param>
    public FusedAdamW(LibTorchDispatcher dispatcher, AdamWOptions options, Device device)
    {
        (_dispatcher, _options) = (dispatcher, options);
        _steps = zeros(1, ScalarType.Float32, device).DetachFromDisposeScope();
        _divisor = ones(1, ScalarType.Float32, device).DetachFromDisposeScope();
    }

    /// <summary>Begins a step; <see cref="Update"/> may then follow for several groups.</summary>
    /// <param name="steps">Updates with this one.</param>
    /// <param name="gradientScale">Factor on the gradients, which are written back where it is not 1.</param>
    public void Begin(long steps, double gradientScale)
    {
        _steps.SetTo_(steps);
        _divides = gradientScale != 1;
        if (_divides)
        {
            _divisor.SetTo_(1 / gradientScale);
        }
    }

    /// <summary>Updates weights and moments in place; the lists go together entry by entry.</summary>
    /// <param name="weights">What is updated, fp32.</param>
    /// <param name="gradients">Its gradients.</param>
    /// <param name="first">Its first moments.</param>
    /// <param name="second">Its second moments.</param>
    /// <param name="learningRate">Rate of this step.</param>
    /// <param name="decays">Weight decay applies.</param>
    /// <exception cref="ArgumentException">Tensors that go together differ: libtorch's operator for the processor does not look.</exception>
    public void Update(Tensor[] weights, Tensor[] gradients, Tensor[] first, Tensor[] second, double learningRate, bool decays)
    {
        MustMatch(weights, gradients, nameof(gradients));
        MustMatch(weights, first, nameof(first));
        MustMatch(weights, second, nameof(second));
        Tensor[] noMaxima = [];
        Tensor[] steps = [.. weights.Select(_ => _steps)];
        _dispatcher.Call(
            "aten::_fused_adamw_",
            weights,
            gradients,
            first,
            second,
            noMaxima,
            steps,
            learningRate,
            _options.Beta1,
            _options.Beta2,
            decays ? _options.WeightDecay : 0.0,
            _options.Eps,
            false, // amsgrad
            false, // maximize
            LibTorchDispatcher.Argument.Optional(_divides ? _divisor : null),
            LibTorchDispatcher.Argument.Optional(null)); // found_inf: the loop has looked
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _steps.Dispose();
        _divisor.Dispose();
    }

    private static void MustMatch(Tensor[] weights, Tensor[] others, string name)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(others.Length, weights.Length, name);
        foreach (var (weight, other) in weights.Zip(others))
        {
            if (!Matches(weight, other))
            {
                throw new ArgumentException($"Expected {Describe(weight)} and contiguous, got {Describe(other)}.", name);
            }
        }

        static bool Matches(Tensor weight, Tensor other) =>
            weight.dtype == other.dtype
            && weight.shape.SequenceEqual(other.shape)
            && weight.is_contiguous()
            && other.is_contiguous()
            && weight.device_type == other.device_type
            && weight.device_index == other.device_index;

        static string Describe(Tensor tensor) =>
            $"{tensor.dtype} [{string.Join(", ", tensor.shape)}] on {tensor.device}{(tensor.is_contiguous() ? "" : ", not contiguous")}";
    }
}
