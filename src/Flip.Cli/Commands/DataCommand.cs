using System.CommandLine;

namespace Flip.Cli.Commands;

/// <summary><c>flip data</c>: what is done with training data before a training.</summary>
internal static class DataCommand
{
    public static Command Create() => new("data", "Make training data, and look into it.")
    {
        DataInspectCommand.Create(),
        DataPackCommand.Create(),
    };
}
