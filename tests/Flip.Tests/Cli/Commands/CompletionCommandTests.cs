using System.Diagnostics;
using static Flip.Tests.Cli.CommandRun;

namespace Flip.Tests.Cli.Commands;

[Collection(Alone.Name)]
public sealed class CompletionCommandTests
{
    [Fact]
    public void Every_shell_has_a_script_and_no_other_word_one()
    {
        foreach (var shell in (string[])["bash", "zsh", "fish", "pwsh"])
        {
            var (code, output, error) = Run(["completion", shell]);
            Assert.True(code == 0, error);
            Assert.Contains("[suggest:", output, StringComparison.Ordinal);
        }

        Assert.NotEqual(0, Run(["completion", "cmd"]).Code);
    }

    [Fact]
    public void Bash_completes_a_command()
    {
        Assert.SkipUnless(File.Exists("/bin/bash"), "needs bash");
        var script = $$"""
            eval "$({{AppContext.BaseDirectory}}/flip completion bash)"
            flip() { "{{AppContext.BaseDirectory}}/flip" "$@"; }
            COMP_WORDS=(flip ev); COMP_CWORD=1; COMP_LINE="flip ev"; COMP_POINT=7
            _flip_complete
            echo "${COMPREPLY[@]}"
            """;
        using var bash = Process.Start(new ProcessStartInfo("/bin/bash", ["-c", script]) { RedirectStandardOutput = true })!;
        Assert.Equal("eval", bash.StandardOutput.ReadToEnd().Trim());
        bash.WaitForExit();
    }
}
