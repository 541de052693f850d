using Spectre.Console;

namespace Flip.Cli.Reporting;

/// <summary>The process's consoles, as they are at the moment of the call: a test may have put its own in their place.</summary>
internal static class Consoles
{
    /// <summary>Standard output.</summary>
    public static IAnsiConsole Output() => Of(Console.Out);

    /// <summary>Progress on standard output; on standard error where standard output is to hold JSON alone.</summary>
    public static ConsoleProgress Progress(bool json) => new(Of(json ? Console.Error : Console.Out));

    /// <summary>A console on a writer.</summary>
    public static IAnsiConsole Of(TextWriter writer) => AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
}
