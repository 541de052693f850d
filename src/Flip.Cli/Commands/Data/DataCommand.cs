using System.CommandLine;

namespace Flip.Cli.Commands.Data;

/// <summary><c>flip data</c>: what is done with training data before a training.</summary>
internal static class DataCommand
{
    /// <param name="ranks">The processes that divide the work.</param>
    public static Command Create(CommandRanks ranks) => new("data", "Make training data, look into it, and prepare it.")
    {
        DataDownloadCommand.Create(ranks),
        DataIndexCommand.Create(),
        DataInspectCommand.Create(),
        DataPackCommand.Create(),
        DataScenesCommand.Create(),
        DataScoreCommand.Create(ranks),
        DataSelectCommand.Create(),
        DataSimulateCommand.Create(),
    };
}
