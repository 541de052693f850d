using System.Text.RegularExpressions;
using Flip.Tests;

namespace Flip.SlowTests.Cluster;

/// <summary>What lies in <c>deploy</c> is well-formed, and names options that the command has.</summary>
public sealed partial class DeployFilesTests
{
    [Fact]
    public void Scripts_are_right_as_far_as_their_shell_knows()
    {
        using var processes = new OwnProcesses();
        foreach (var script in Directory.GetFiles(SharedData.Test("../deploy"), "*.sh"))
        {
            processes.Output(30, OwnProcesses.Needed("bash", "bash"), "-n", script);
            processes.Output(60, OwnProcesses.Needed("shellcheck", "shellcheck"), script);
        }
    }

    [Fact]
    public void The_table_of_the_page_is_what_its_command_prints()
    {
        var page = File.ReadAllText(SharedData.Test("../docs/cluster.md"));
        var commands = Command().Matches(page);
        Assert.NotEmpty(commands);
        using var processes = new OwnProcesses();
        foreach (var command in commands.Select(match => match.Groups[1].Value).Where(line => !line.Contains("--pairs-per-second", StringComparison.Ordinal))) // that one is the reader's
        {
            var output = processes.Output(120, [Path.Combine(AppContext.BaseDirectory, "flip"), .. command.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
            foreach (var row in output.Split('\n').Where(line => line.StartsWith("| flip-", StringComparison.Ordinal)))
            {
                Assert.True(page.Contains(row, StringComparison.Ordinal), $"flip {command} prints\n{row}\nwhich the page does not have.");
            }
        }
    }

    [GeneratedRegex(@"^flip (bench scaling .*?)(?: *#.*)?$", RegexOptions.Multiline)]
    private static partial Regex Command();
}
