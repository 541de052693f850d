using System.CommandLine;

namespace Flip.Cli.Commands;

/// <summary><c>flip completion</c>: the lines by which a shell completes commands, options and their values.</summary>
internal static class CompletionCommand
{
    private static readonly Dictionary<string, string> Scripts = new()
    {
        ["bash"] = """
            _flip_complete() {
              local IFS=$'\n'
              COMPREPLY=($(compgen -W "$(flip "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
            }
            complete -o default -F _flip_complete flip
            """,
        ["zsh"] = """
            _flip() {
              local -a found
              found=("${(@f)$(flip "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
              compadd -a found
              _files
            }
            compdef _flip flip
            """,
        ["fish"] = """
            complete -c flip -a '(flip "[suggest:"(commandline -C)"]" (commandline) 2>/dev/null)'
            """,
        ["pwsh"] = """
            Register-ArgumentCompleter -Native -CommandName flip -ScriptBlock {
              param($word, $line, $position)
              flip "[suggest:$position]" "$line" 2>$null | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
            }
            """,
    };

    public static Command Create()
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh, fish or pwsh." };
        shell.AcceptOnlyFromAmong([.. Scripts.Keys]);
        var command = new Command(
            "completion", "Print what makes a shell complete this command. In bash: eval \"$(flip completion bash)\", in its start-up file for good.") { shell };
        command.SetAction(result => Console.WriteLine(Scripts[result.GetValue(shell)!]));
        return command;
    }
}
