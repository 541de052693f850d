using Flip.Cli;
using Flip.Cli.Commands;

namespace Flip.Tests.Cli;

/// <summary>The whole command in this process, whose standard streams are replaced meanwhile; for tests that run alone.</summary>
internal static class CommandRun
{
    public static (int Code, string Output, string Error) Run(string[] args, string input = "")
    {
        var (savedInput, output, error) = (Console.In, Console.Out, Console.Error);
        using var capturedOutput = new StringWriter();
        using var capturedError = new StringWriter();
        using var given = new StringReader(input);
        Console.SetIn(given);
        Console.SetOut(capturedOutput);
        Console.SetError(capturedError);
        try
        {
            return (FlipCommand.Run(args), capturedOutput.ToString(), capturedError.ToString());
        }
        finally
        {
            Console.SetIn(savedInput);
            Console.SetOut(output);
            Console.SetError(error);
        }
    }

    /// <summary>Runs what must fail with one clear message that has all the parts.</summary>
    public static void AssertFails(string[] args, params string[] parts)
    {
        var (code, _, error) = Run(args);
        Assert.Equal(ExitCode.Failed, code);
        Assert.All(parts, part => Assert.Contains(part, error, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.DoesNotContain("internal error", error, StringComparison.Ordinal);
    }
}
