using System.Diagnostics;
using Flip.Devices;
using static TorchSharp.torch;

namespace Flip.Tasks.Diagnostics;

/// <summary>
/// Checks that a device computes rightly: a golden model against the values of the reference, every fast path against its slow twin, and a hundred steps
/// against a curve. On the processor the same checks run, so that on a GPU only the device is new.
/// </summary>
/// <param name="device">The device.</param>
public sealed class SelfTest(Device device)
{
    private readonly (string Name, Action<Device, Comparison> Run)[] _checks =
    [
        ("golden model: whole images and texts", GoldenChecks.Whole),
        ("golden model: masked images", GoldenChecks.Masked),
        ("golden model: gradients", GoldenChecks.Gradients),
        ("golden model: one update", GoldenChecks.Update),
        ("bf16 towers against fp32", GoldenChecks.Bf16),
        ("attention against plain products", TwinChecks.Attention),
        ("kept patches made by the loader against those gathered on the device", TwinChecks.Patches),
        ("texts by length against padded rows", TwinChecks.Texts),
        ("losses in chunks against whole losses", TwinChecks.Losses),
        ("a step in parts against the whole step", TwinChecks.Parts),
        ("recomputed blocks against kept ones", TwinChecks.Recomputed),
        ("the update against operations", TwinChecks.Update),
        ("gradients of bf16 gathered in fp32", TwinChecks.Gathering),
        ("a hundred steps against the curve", CurveCheck.Run),
    ];

    /// <summary>How many checks there are.</summary>
    public int Count => _checks.Length;

    /// <summary>Runs the checks, one after another; a failed one does not stop the others.</summary>
    /// <param name="cancellation">Stops between two checks.</param>
    public IEnumerable<CheckResult> Run(CancellationToken cancellation = default)
    {
        foreach (var (name, check) in _checks)
        {
            cancellation.ThrowIfCancellationRequested();
            var started = Stopwatch.GetTimestamp();
            var (comparison, problem) = (new Comparison(), (string?)null);
            try
            {
                using var scope = NewDisposeScope();
                check(device, comparison);
                DeviceTraffic.Wait(device);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                problem = e.Message.ReplaceLineEndings(" ");
            }

            problem ??= comparison.Worst <= 1 ? null
                : FormattableString.Invariant($"{comparison.Where}: the difference is {comparison.Worst:0.##} times what rounding explains");
            yield return new CheckResult(
                name, problem is null, problem is null || comparison.Worst > 1 ? comparison.Worst : double.NaN, problem, Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
    }
}
