using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Flip.Tests;

namespace Flip.SlowTests.Cluster;

/// <summary>
/// Slurm's own daemons on loopback: a controller, and two nodes of one processor each on this machine. Jobs of the partition <c>low</c> are put back into the
/// queue for those of <c>high</c>. All of it lies in a temporary folder and ends with the rig.
/// </summary>
internal sealed class SlurmRig : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly OwnProcesses _processes = new();

    public SlurmRig()
    {
        OwnProcesses.NeedRoot();
        var (munged, controller, node) = (OwnProcesses.Needed("munged", "munge"), OwnProcesses.Needed("slurmctld", "slurmctld"), OwnProcesses.Needed("slurmd", "slurmd"));
        OwnProcesses.Needed("srun", "slurm-client");
        OwnProcesses.Needed("mpirun", "openmpi-bin");
        try
        {
            WriteFiles();
            _processes.Variables["SLURM_CONF"] = _folder.File("slurm.conf");
            string In(string name) => Path.Combine(_folder.File("munge"), name);
            _processes.Start(
                munged, "--foreground", "--force", $"--key-file={_folder.File("key/key")}", $"--socket={In("socket")}", $"--pid-file={In("pid")}", $"--log-file={In("log")}", $"--seed-file={In("seed")}");
            _processes.Await("munge's socket", 20, () => File.Exists(In("socket")));
            _processes.Start(controller, "-D", "-f", _folder.File("slurm.conf"));
            _processes.Start(node, "-D", "-N", "n1", "-f", _folder.File("slurm.conf"));
            _processes.Start(node, "-D", "-N", "n2", "-f", _folder.File("slurm.conf"));
            var states = "";
            _processes.Await("Two idle nodes", 60, () => (states = _processes.Run(30, "sinfo", "-h", "-N", "-p", "low", "-o", "%T").Output) == "idle\nidle\n", () => states);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Environment variables of jobs.</summary>
    public Dictionary<string, string> Variables => _processes.Variables;

    /// <summary>A file of the rig's folder.</summary>
    public string Named(string name) => _folder.File(name);

    /// <summary>Runs a command of Slurm to its end.</summary>
    public (int Code, string Output, string Error) Run(int seconds, params string[] line) => _processes.Run(seconds, line);

    /// <summary>Runs what must succeed, and gives what it printed, without the end of its line.</summary>
    public string Output(params string[] line) => _processes.Output(60, line).Trim();

    /// <summary>A field of a job as the controller has it, such as <c>JobState</c>.</summary>
    public string Job(string job, string field) => Output("scontrol", "-o", "show", "job", job)
        .Split(' ').First(part => part.StartsWith(field + "=", StringComparison.Ordinal))[(field.Length + 1)..];

    /// <summary>Waits until something is so; the job's own words are in the message if it never is.</summary>
    public void Await(string what, int seconds, Func<bool> isSo, string log) =>
        _processes.Await(what, seconds, isSo, () => File.Exists(log) ? File.ReadAllText(log) : "The job has said nothing.");

    public void Dispose()
    {
        if (_processes.Variables.ContainsKey("SLURM_CONF"))
        {
            _processes.Run(30, "scancel", "--user=root");
            Thread.Sleep(1000); // jobs end before their nodes do
        }

        _processes.Dispose();
        _folder.Dispose();
    }

    private void WriteFiles()
    {
        foreach (var folder in (string[])["munge", "key", "state", "spool/n1", "spool/n2", "tmp/n1", "tmp/n2", "cgroup"])
        {
            Directory.CreateDirectory(_folder.File(folder));
        }

        File.WriteAllBytes(_folder.File("key/key"), RandomNumberGenerator.GetBytes(1024));
        OwnProcesses.SetMode(_folder.File("key/key"), UnixFileMode.UserRead);
        OwnProcesses.SetMode(_folder.File("key"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (var open in (string[])[_folder.Path, _folder.File("munge")]) // munge's socket is for all users
        {
            OwnProcesses.SetMode(open, (UnixFileMode)0b111_101_101);
        }

        var ports = FreePorts(3);
        File.WriteAllText(_folder.File("cgroup.conf"), $"CgroupPlugin=cgroup/v1\nCgroupMountpoint={_folder.File("cgroup")}\nCgroupAutomount=no\n");
        File.WriteAllText(_folder.File("gres.conf"), "Name=gpu File=/dev/null\n");
        File.WriteAllText(_folder.File("slurm.conf"), string.Create(CultureInfo.InvariantCulture, $"""
            ClusterName=rig
            SlurmctldHost={Name}(127.0.0.1)
            SlurmctldPort={ports[0]}
            SlurmUser=root
            SlurmdUser=root
            AuthType=auth/munge
            AuthInfo=socket={_folder.File("munge/socket")},cred_expire=5
            StateSaveLocation={_folder.File("state")}
            SlurmdSpoolDir={_folder.File("spool/%n")}
            TmpFS={_folder.File("tmp/%n")}
            SlurmctldPidFile={_folder.File("slurmctld.pid")}
            SlurmdPidFile={_folder.File("slurmd-%n.pid")}
            ProctrackType=proctrack/linuxproc
            TaskPlugin=task/none
            JobAcctGatherType=jobacct_gather/none
            AccountingStorageType=accounting_storage/none
            MailProg=/bin/true
            SelectType=select/cons_tres
            SelectTypeParameters=CR_Core
            SlurmdParameters=config_overrides
            SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0
            PreemptType=preempt/partition_prio
            PreemptMode=REQUEUE
            KillWait=60
            ReturnToService=2
            GresTypes=gpu
            NodeName=n1 NodeHostname={Name} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=1 Sockets=1 CoresPerSocket=1 Gres=gpu:1
            NodeName=n2 NodeHostname={Name} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=1 Sockets=1 CoresPerSocket=1 Gres=gpu:1
            PartitionName=low Nodes=n1,n2 Default=YES PriorityTier=1
            PartitionName=high Nodes=n1,n2 PriorityTier=10 PreemptMode=OFF

            """));
    }

    private static string Name => Environment.MachineName.Split('.')[0];

    private static int[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(listener => listener.Start());
        int[] ports = [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        listeners.ForEach(listener => listener.Stop());
        return ports;
    }
}
