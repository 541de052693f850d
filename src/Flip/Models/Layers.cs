using Flip.Config;
using Flip.Kernels;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Flip.Models;

/// <summary>y = x Wᵀ + b over the last dimension.</summary>
internal sealed class Linear
{
    private readonly Parameter _weight;
    private readonly Parameter? _bias;

    public Linear(FlatParameters parameters, string name, long inputs, long outputs, bool bias = true)
    {
        _weight = parameters.Add($"{name}.weight", [outputs, inputs], Initializer.XavierUniform(inputs, outputs), decays: true);
        _bias = bias ? parameters.Add($"{name}.bias", [outputs], Initializer.Constant(0), decays: false) : null;
    }

    /// <param name="x"><c>[..., inputs]</c></param>
    /// <returns><c>[..., outputs]</c></returns>
    /// <remarks>
    /// Over rows: libtorch adds the bias within a product of two matrices. To one of more dimensions it adds it in a pass of its own, which took a tenth of
    /// a step on a GPU.
    /// </remarks>
    public Tensor Forward(Tensor x)
    {
        if (x.dim() == 2)
        {
            return LinearProduct.Of(x, _weight.Value, _bias?.Value);
        }

        using var scope = NewDisposeScope();
        return LinearProduct.Of(x.flatten(0, -2), _weight.Value, _bias?.Value).unflatten(0, x.shape[..^1]).MoveToOuterDisposeScope();
    }
}

/// <summary>LayerNorm over the last dimension; libtorch keeps its statistics in fp32 for a bf16 input.</summary>
internal sealed class LayerNorm
{
    private readonly long[] _shape;
    private readonly double _eps;
    private readonly Parameter _weight;
    private readonly Parameter _bias;

    public LayerNorm(FlatParameters parameters, string name, long width, double eps)
    {
        _shape = [width];
        _eps = eps;
        _weight = parameters.Add($"{name}.weight", _shape, Initializer.Constant(1), decays: false);
        _bias = parameters.Add($"{name}.bias", _shape, Initializer.Constant(0), decays: false);
    }

    public Tensor Forward(Tensor x) => functional.layer_norm(x, _shape, _weight.Value, _bias.Value, _eps);
}

/// <summary>Two products with an activation between.</summary>
internal sealed class Mlp(FlatParameters parameters, string name, long width, double ratio, Activation activation)
{
    private readonly Linear _fc1 = new(parameters, $"{name}.fc1", width, MlpWidth.Of(width, ratio));
    private readonly Linear _fc2 = new(parameters, $"{name}.fc2", MlpWidth.Of(width, ratio), width);

    public Tensor Forward(Tensor x) => _fc2.Forward(Activate(_fc1.Forward(x)));

    private Tensor Activate(Tensor x) => (activation, x.dtype == ScalarType.BFloat16 && x.device.type == DeviceType.CPU) switch
    {
        (Activation.GeluTanh, true) => SigmoidGateFunction.Of(x, SigmoidGate.Shape.GeluTanh),
        (Activation.QuickGelu, true) => SigmoidGateFunction.Of(x, SigmoidGate.Shape.QuickGelu),
        (Activation.GeluTanh, _) => functional.gelu(x, TorchSharp.Modules.GELU.Approximate.tanh),
        (Activation.Gelu, _) => functional.gelu(x),
        _ => x * x.Times(1.702).sigmoid(),
    };
}
