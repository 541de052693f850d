using System.Globalization;
using Flip.Tests;

namespace Flip.SlowTests.Cluster;

/// <summary>
/// Two network namespaces that stand for hosts: each has a name of its own, an address, and a cable to a switch, which is a third namespace. mpirun on the first
/// one starts ranks on the second with <c>ip netns exec</c> in the place of ssh.
/// </summary>
internal sealed class NetworkHosts : IDisposable
{
    private const string Addresses = "10.213.77.0/24";

    private readonly TemporaryFolder _folder = new();
    private readonly OwnProcesses _processes = new();
    private readonly string _ip;
    private readonly string _prefix = $"f{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}";

    public NetworkHosts()
    {
        OwnProcesses.NeedRoot();
        _ip = OwnProcesses.Needed("ip", "iproute2");
        OwnProcesses.Needed("unshare", "util-linux");
        OwnProcesses.Needed("mpirun", "openmpi-bin");
        var (code, _, error) = _processes.Run(30, _ip, "netns", "add", Switch);
        Assert.SkipUnless(code == 0, $"needs network namespaces: {error.Trim()}");
        try
        {
            Ip("-n", Switch, "link", "add", "bridge", "type", "bridge");
            Ip("-n", Switch, "link", "set", "bridge", "up");
            foreach (var (name, number) in new[] { (First, 1), (Second, 2) })
            {
                Ip("netns", "add", name);
                Ip("-n", Switch, "link", "add", name, "type", "veth", "peer", "name", "cable", "netns", name);
                Ip("-n", Switch, "link", "set", name, "master", "bridge", "up");
                Ip("-n", name, "address", "add", string.Create(CultureInfo.InvariantCulture, $"10.213.77.{number}/24"), "dev", "cable");
                Ip("-n", name, "link", "set", "cable", "up");
                Ip("-n", name, "link", "set", "lo", "up");
            }

            // In a session of its own, as ssh gives it.
            File.WriteAllText(Agent, "#!/bin/sh\n# HOST COMMAND...: what ssh does, for a namespace.\nhost=$1\nshift\nexec ip netns exec \"$host\" unshare --uts setsid --wait sh -c \"hostname $host; $*\"\n");
            OwnProcesses.SetMode(Agent, (UnixFileMode)0b111_101_101);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The host that launches.</summary>
    public string First => _prefix + "a";

    /// <summary>The other one.</summary>
    public string Second => _prefix + "b";

    private string Switch => _prefix + "s";

    private string Agent => _folder.File("agent.sh");

    /// <summary>Variables variables of the ranks.</summary>
    public Dictionary<string, string> Variables => _processes.Variables;

    /// <summary>How Open MPI reaches the hosts, and over which network.</summary>
    public IReadOnlyList<string> Options =>
    [
        "--allow-run-as-root", "--mca", "plm_rsh_agent", Agent, "--mca", "oob_tcp_if_include", Addresses, "--mca", "btl_tcp_if_include", Addresses,
        "--mca", "btl", "tcp,self", "--mca", "pml", "ob1", .. Variables.Keys.SelectMany(name => new[] { "-x", name }),
    ];

    /// <summary>The command line that runs a program on one rank of each host.</summary>
    /// <param name="program">The program.</param>
    public string[] Ranks(params string[] program) =>
        OnFirst(["mpirun", "-n", "2", "--host", $"{First}:1,{Second}:1", "--bind-to", "none", .. Options, .. program]);

    /// <summary>The command line that runs a program on the first host.</summary>
    /// <param name="program">The program.</param>
    public string[] OnFirst(params string[] program) => [Agent, First, "exec", .. program.Select(Quoted)];

    /// <summary>Runs a command line to its end.</summary>
    public (int Code, string Output, string Error) Run(int seconds, params string[] line) => _processes.Run(seconds, line);

    /// <summary>Pulls the second host's cable out of the switch.</summary>
    public void Unplug() => Ip("-n", Switch, "link", "set", Second, "down");

    /// <summary>Waits until something is so.</summary>
    public void Await(string what, int seconds, Func<bool> isSo) => _processes.Await(what, seconds, isSo);

    /// <summary>The processes that are on a host.</summary>
    public string[] On(string host) => _processes.Run(30, _ip, "netns", "pids", host).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public void Dispose()
    {
        foreach (var host in (string[])[First, Second])
        {
            foreach (var process in On(host)) // they are of this test, as their host is
            {
                _processes.Run(10, "kill", "-KILL", process);
            }
        }

        foreach (var name in (string[])[First, Second, Switch])
        {
            _processes.Run(30, _ip, "netns", "delete", name);
        }

        _processes.Dispose();
        _folder.Dispose();
    }

    private void Ip(params string[] arguments) => _processes.Output(30, [_ip, .. arguments]);

    // The agent's shell reads the line once more.
    private static string Quoted(string argument) => $"'{argument.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
