using System.Diagnostics;
using System.Runtime.CompilerServices;
using Flip.Kernels;
using Flip.Native;
using Flip.Tests;
using static TorchSharp.torch;

namespace Flip.SlowTests.Kernels;

/// <summary>No dispose scope here: nothing but the kernels keeps the tensors alive. Numbers are avoided, since the collector that runs here frees native scalars as well.</summary>
[Collection(Alone.Name)]
public class TensorAddressTests
{
    private const int Count = 1 << 23;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5); // collections are slow beside the garbage of other tests

    [Fact]
    public async Task Tensors_that_nothing_else_holds_live_as_long_as_a_kernel_reads_them()
    {
        LibTorch.EnsureLoaded();
        using var expected = Backward(Count);
        for (var call = 0; call < 100; call++)
        {
            Backward(count: 64).Dispose(); // so that it is compiled anew: only optimised code lets go of what it does not need any more
        }

        await Task.Delay(300, TestContext.Current.CancellationToken);
        using var stop = new CancellationTokenSource();
        var collecting = Task.Run(
            () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    GC.Collect();
                    GC.WaitForPendingFinalizers();
                    zeros(Count, dtype: ScalarType.BFloat16).Dispose(); // takes memory that was freed too early
                }
            },
            TestContext.Current.CancellationToken);
        try
        {
            for (var (round, clock) = (0, Stopwatch.StartNew()); round < 100 && clock.Elapsed < Longest; round++)
            {
                using var actual = Backward(Count);
                Assert.True(actual.equal(expected).all().item<bool>(), $"round {round}");
            }
        }
        finally
        {
            await stop.CancelAsync();
            await collecting;
        }
    }

    [Fact]
    public void An_address_is_of_a_contiguous_tensor_of_the_right_type()
    {
        LibTorch.EnsureLoaded();
        using var tensor = zeros(2, 3);
        using var transposed = tensor.t();
        Assert.Throws<ArgumentException>(() => TensorAddress.Of<float>(transposed));
        Assert.Throws<ArgumentException>(() => TensorAddress.Of<ushort>(tensor));
        Assert.Equal(0, TensorAddress.Of<float>(null).Value);
        Assert.NotEqual(0, TensorAddress.Of<float>(tensor).Value);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static Tensor Backward(long count) => SigmoidGate.Backward(
        ones(count, dtype: ScalarType.BFloat16), ones(count, dtype: ScalarType.BFloat16), SigmoidGate.Shape.GeluTanh);
}
