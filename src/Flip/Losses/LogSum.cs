using Flip.Models;
using static TorchSharp.torch;

namespace Flip.Losses;

/// <summary>The logarithm of sums of exponentials that come in pieces: the largest number so far, and the sum without it.</summary>
internal sealed class LogSum
{
    /// <param name="count">How many sums.</param>
    /// <param name="device">Where.</param>
    public LogSum(long count, Device device)
    {
        State = zeros([2, count], ScalarType.Float32, device);
        State.select(0, 0).log_(); // -∞, made on the device
    }

    private LogSum(Tensor state) => State = state;

    /// <summary>Largest numbers and sums, fp32, <c>[2, count]</c>.</summary>
    public Tensor State { get; }

    /// <summary>The same of a state that came from elsewhere.</summary>
    public static LogSum Of(Tensor state) => new(state);

    /// <summary>Some of the sums; they stay part of these.</summary>
    public LogSum Part(long first, long count) => new(State.narrow(1, first, count));

    /// <summary>Adds numbers to every sum, <c>[count, numbers]</c> or its transpose.</summary>
    /// <param name="numbers">What is added; unchanged.</param>
    /// <param name="dim">The dimension that is summed over.</param>
    public void Add(Tensor numbers, int dim)
    {
        using var scope = NewDisposeScope(); // its copy of the numbers is gone before another one is made
        var (largest, sum) = (State.select(0, 0), State.select(0, 1));
        var larger = largest.maximum(numbers.amax([dim]));
        sum.mul_((largest - larger).exp_()).Plus_((numbers - larger.unsqueeze(dim)).exp_().sum([dim]));
        largest.copy_(larger);
    }

    /// <summary>The logarithms, <c>[count]</c>.</summary>
    public Tensor Value() => State.select(0, 0).Plus(State.select(0, 1).log());
}
