using System.CommandLine;
using Flip.Distributed;
using Flip.Distributed.Launching;
using Flip.Training;

namespace Flip.Cli.Commands;

/// <summary><c>flip launch</c>: a training on several ranks that goes on when some of them are lost.</summary>
internal static class LaunchCommand
{
    public static Command Create()
    {
        var ranks = new Option<int>("-n") { Description = "Ranks: one for each GPU, or for each group of processors.", Required = true };
        var hosts = new Option<string?>("--hosts") { Description = "Machines, such as node1,node2 or node1:8,node2:4 with the ranks that each takes; default: this one." };
        var least = new Option<int?>("--min-ranks") { Description = "Fewest ranks to go on with after a loss (default: 1)." };
        var patience = new Option<int>("--max-restarts") { Description = "Starts in a row that may bring no new checkpoint.", DefaultValueFactory = _ => 3 };
        var mpirun = new Option<string>("--mpirun") { Description = "mpirun of Open MPI or MPICH.", DefaultValueFactory = _ => "mpirun" };
        var extra = new Option<string?>("--mpirun-args") { Description = "Further arguments of mpirun, for example '--mca btl_tcp_if_include eth0'." };
        var inner = new Argument<string[]>("command") { Description = "What to start, behind --: train, tune or finetune with its options.", Arity = ArgumentArity.OneOrMore };
        var command = new Command(
            "launch",
            "Train on several ranks under mpirun, and start again from the newest checkpoint on what is left when a rank or a machine is lost. Under Slurm or another launcher the training starts as it is.")
        {
            ranks, hosts, least, patience, mpirun, extra, inner,
        };
        command.SetAction((result, cancellation) =>
        {
            var training = ResumableCommand.Parse(result.GetValue(inner)!, name => RunFolder.DefaultPath(name));
            var wanted = result.GetValue(ranks);
            var plan = new ElasticPlan(HostSlots.Parse(result.GetValue(hosts), wanted), wanted, result.GetValue(least) ?? 1, result.GetValue(patience));
            var starter = MpirunCommand.Find(result.GetValue(mpirun)!, result.GetValue(extra)?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? []);
            var launch = new ElasticLaunch(starter, Program(), Console.WriteLine, Console.Error.WriteLine);
            return Task.FromResult(launch.Run(training, plan, cancellation));
        });
        return command;
    }

    /// <summary>What a process does that a launcher has started as one of several: the training itself.</summary>
    /// <param name="args">The command line.</param>
    public static string[] OfRank(string[] args) => args is ["launch", ..] && LaunchEnvironment.Find() is { IsAlone: false } && Array.IndexOf(args, "--") is > 0 and var at
        ? args[(at + 1)..]
        : args;

    /// <summary>How this process was started: its own file, or .NET's with that of the program.</summary>
    private static string[] Program()
    {
        var process = Environment.ProcessPath!;
        return Path.GetFileNameWithoutExtension(process) == "dotnet" ? [process, Environment.GetCommandLineArgs()[0]] : [process];
    }
}
