using System.CommandLine;

namespace Flip.Cli.Commands;

/// <summary><c>flip data</c>: what is done with training data before a training.</summary>
internal static class DataCommand
{
    public static Command Create() => new("data", "Look into training data, and prepare it.")
    {
        DataIndexCommand.Create(),
        DataInspectCommand.Create(),
        DataPackCommand.Create(),
        DataSimulateCommand.Create(),
    };
}
