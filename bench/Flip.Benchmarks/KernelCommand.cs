using System.CommandLine;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;

namespace Flip.Benchmarks;

/// <summary>The kernels by BenchmarkDotNet, in this process: libtorch is loaded once, by our loader.</summary>
internal static class KernelCommand
{
    public static Command Create()
    {
        var command = new Command("kernels", "Times the passes over memory: optimiser, gradients, activation.");
        command.SetAction(_ =>
        {
            var job = Job.ShortRun.WithToolchain(InProcessNoEmitToolchain.Instance);
            BenchmarkRunner.Run<KernelBenchmarks>(DefaultConfig.Instance.AddJob(job).WithArtifactsPath(Path.Combine(Path.GetTempPath(), "flip-kernels")));
        });
        return command;
    }
}
