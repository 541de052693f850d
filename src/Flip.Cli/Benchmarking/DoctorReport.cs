using Flip.Config;
using Flip.Tasks.Benchmarking;
using Flip.Tasks.Diagnostics;

namespace Flip.Cli.Benchmarking;

/// <summary>What <c>flip doctor</c> found.</summary>
/// <param name="machine">What is here.</param>
public sealed class DoctorReport(MachineFacts machine)
{
    /// <summary>What is here.</summary>
    public MachineFacts Machine { get; } = machine;

    /// <summary>The device that was checked; null where none could be.</summary>
    public string? Device { get; set; }

    /// <summary>Number format of the towers in the timed step.</summary>
    public Precision? Precision { get; set; }

    /// <summary>Which kernels compute on that device: of attention, of the update.</summary>
    public IReadOnlyList<string> Kernels { get; set; } = [];

    /// <summary>The checks, in order.</summary>
    public IList<CheckResult> SelfTest { get; } = [];

    /// <summary>Bytes a second that are copied to the device; null on the processor.</summary>
    public double? HostToDevice { get; set; }

    /// <summary>The timed step; null where it was left out.</summary>
    public StepReport? Step { get; set; }

    /// <summary>The processes that a launcher has started; null for a single one.</summary>
    public RanksReport? Ranks { get; set; }

    /// <summary>The first thing that is wrong; null where nothing is.</summary>
    public string? Problem { get; set; }
}
