using static TorchSharp.torch;
using static TorchSharp.torch.autograd;

namespace Flip.Kernels;

/// <summary><see cref="SigmoidGate"/> as an operation of autograd.</summary>
internal sealed class SigmoidGateFunction : SingleTensorFunction<SigmoidGateFunction>
{
    private const string ShapeKey = "shape";

    // What backward returns is held by a managed reference until the step's scope ends, beside libtorch's own. The next call lets go of it.
    [ThreadStatic]
    private static Tensor? _returned;

    /// <summary>The gate, with a graph where one is being made.</summary>
    public static Tensor Of(Tensor x, SigmoidGate.Shape shape) =>
        is_grad_enabled() && x.requires_grad ? apply(x, shape) : SigmoidGate.Forward(x, shape);

    /// <inheritdoc/>
    public override string Name => nameof(SigmoidGateFunction);

    /// <inheritdoc/>
    public override Tensor forward(AutogradContext ctx, params object[] vars)
    {
        var (x, shape) = ((Tensor)vars[0], (SigmoidGate.Shape)vars[1]);
        ctx.save_for_backward([x]);
        ctx.save_data(ShapeKey, shape);
        return SigmoidGate.Forward(x, shape);
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(AutogradContext ctx, Tensor grad_output)
    {
        _returned?.Dispose();
        using var scope = NewDisposeScope();
        var x = ctx.get_saved_variables()[0];
        _returned = SigmoidGate.Backward(x, grad_output.contiguous(), (SigmoidGate.Shape)ctx.get_data(ShapeKey)).DetachFromDisposeScope();
        grad_output.Dispose(); // ours alone; libtorch has its own reference
        return [_returned, null!];
    }
}
