using System.Runtime.InteropServices;
using Flip.Native;
using static Flip.Native.LibTorchDispatcher;
using static TorchSharp.torch;

namespace Flip.Tests.Native;

[Collection(Alone.Name)] // one test reads the process's memory
public sealed class LibTorchDispatcherTests
{
    private const string FusedAdamW = "aten::_fused_adamw_";
    private readonly LibTorchDispatcher _dispatcher;

    public LibTorchDispatcherTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only the libtorch of Linux is called past TorchSharp.");
        _dispatcher = Loaded!;
    }

    [Fact]
    public void The_libtorch_of_the_package_has_the_interface() => Assert.NotNull(Loaded);

    [Fact]
    public void A_library_without_the_interface_has_no_dispatcher() =>
        Assert.Null(Of(NativeLibrary.GetMainProgramHandle()));

    [Fact]
    public void Numbers_flags_lists_and_optional_tensors_arrive()
    {
        using var scope = NewDisposeScope();
        var (weight, gradient, first, second) = (tensor(new[] { 2f, 4f }), tensor(new[] { 8f, -8f }), zeros(2), zeros(2));

        // The gradient is divided by 4 and, to be maximised, negated: moments 0.5·∓2 and 0.75·4, both without bias (root 2); the decay takes 0.5·0.25 of the weight.
        Call([weight], [gradient], [first], [second], maximize: true, divisor: tensor(4f), found: tensor(0f));
        Assert.Equal([-1f, 1f], first.data<float>().ToArray());
        Assert.Equal([3f, 3f], second.data<float>().ToArray());
        Assert.Equal([2f, -2f], gradient.data<float>().ToArray());
        Assert.Equal([2 * 0.875f + 0.5f, 4 * 0.875f - 0.5f], weight.data<float>().ToArray());

        Call([weight], [gradient], [first], [second], maximize: true, divisor: tensor(4f), found: tensor(1f));
        Assert.Equal([-1f, 1f], first.data<float>().ToArray()); // an infinity was found: nothing is done
    }

    [Fact]
    public void A_refusal_of_libtorch_is_an_exception_that_names_the_operator_and_its_code()
    {
        using var scope = NewDisposeScope();
        var error = Assert.Throws<LibTorchException>(() => Call([zeros(2)], [], [zeros(2)], [zeros(2)]));
        Assert.StartsWith("libtorch's aten::_fused_adamw_ failed with code 1: ", error.Message, StringComparison.Ordinal);
        Assert.Throws<LibTorchException>(() => _dispatcher.Call("aten::no_such_operator"));

        var first = zeros(2);
        Call([zeros(2)], [ones(2)], [first], [zeros(2)]);
        Assert.Equal([0.5f, 0.5f], first.data<float>().ToArray()); // the next call is as if nothing had been
    }

    /// <summary>
    /// A handle or a missing value's memory takes 32 bytes: one that each call lost would show in every round. What the process allocates besides
    /// does not come in all of them.
    /// </summary>
    [Fact]
    public void Ten_thousand_calls_leave_no_memory_behind()
    {
        const int calls = 2_500;
        using var scope = NewDisposeScope();
        var growth = Enumerable.Range(0, 5).Select(_ =>
        {
            GC.Collect();
            var before = InUse();
            for (var i = 0; i < calls; i++)
            {
                using var inner = NewDisposeScope();
                Tensor[] List() => [zeros(16), zeros(5)];
                Call(List(), List(), List(), List(), divisor: ones(1), found: zeros(1));
            }

            GC.Collect();
            return InUse() - before;
        }).ToList();
        Assert.InRange(growth.Min(), long.MinValue, 16 * calls);
    }

    private static long InUse() => (long)mallinfo2().uordblks;

    [DllImport("libc.so.6")]
    private static extern MallInfo mallinfo2();

    [StructLayout(LayoutKind.Sequential)]
    private struct MallInfo
    {
        public nuint arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;
    }

    private void Call(Tensor[] weights, Tensor[] gradients, Tensor[] first, Tensor[] second, bool maximize = false, Tensor? divisor = null, Tensor? found = null)
    {
        Tensor[] maxima = [];
        Tensor[] steps = [.. weights.Select(_ => ones(1))];
        _dispatcher.Call(
            FusedAdamW, weights, gradients, first, second, maxima, steps, 0.5, 0.5, 0.25, 0.25, 0.0, false, maximize, Argument.Optional(divisor), Argument.Optional(found));
    }
}
