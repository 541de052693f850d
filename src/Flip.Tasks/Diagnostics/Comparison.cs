using Flip.Devices;
using static TorchSharp.torch;

namespace Flip.Tasks.Diagnostics;

/// <summary>Collects the differences of a check, each as a share of what is allowed for it.</summary>
internal sealed class Comparison
{
    /// <summary>The largest share.</summary>
    public double Worst { get; private set; }

    /// <summary>What differs most.</summary>
    public string Where { get; private set; } = "";

    /// <summary>Compares tensors of any devices entry by entry.</summary>
    /// <param name="what">What they are.</param>
    /// <param name="expected">The right values.</param>
    /// <param name="actual">The values to check, as many.</param>
    /// <param name="allowed">Largest difference that is right.</param>
    public void Add(string what, Tensor expected, Tensor actual, double allowed)
    {
        using var scope = NewDisposeScope();
        var (right, found) = (DeviceTraffic.Read(expected.detach()), DeviceTraffic.Read(actual.detach()));
        if (right.Length != found.Length)
        {
            Add($"{what}: {found.Length} values instead of {right.Length}", double.PositiveInfinity);
            return;
        }

        var largest = 0.0;
        for (var i = 0; i < right.Length; i++)
        {
            var difference = Math.Abs((double)right[i] - found[i]);
            largest = double.IsNaN(difference) ? double.PositiveInfinity : Math.Max(largest, difference);
        }

        Add(what, largest / allowed);
    }

    /// <summary>Compares gradients or weights: what is allowed grows with the largest entry.</summary>
    /// <param name="what">What they are.</param>
    /// <param name="expected">The right values.</param>
    /// <param name="actual">The values to check.</param>
    /// <param name="relative">Largest difference, as a share of the largest right entry.</param>
    public void AddRelative(string what, Tensor expected, Tensor actual, double relative)
    {
        using var scope = NewDisposeScope();
        var largest = DeviceTraffic.Read(expected.detach().abs().max())[0];
        Add(what, expected, actual, Math.Max(1e-8, relative * largest));
    }

    /// <summary>Compares two numbers.</summary>
    /// <param name="what">What they are.</param>
    /// <param name="expected">The right one.</param>
    /// <param name="actual">The one to check.</param>
    /// <param name="allowed">Largest difference that is right.</param>
    public void Add(string what, double expected, double actual, double allowed) =>
        Add(what, double.IsFinite(actual) ? Math.Abs(expected - actual) / allowed : double.PositiveInfinity);

    private void Add(string what, double share)
    {
        if (share > Worst || Where.Length == 0)
        {
            (Worst, Where) = (share, what);
        }
    }
}
