using System.CommandLine;

namespace Flip.Cli.Commands.Caption;

/// <summary><c>flip caption</c>: an image tower that tells what it sees.</summary>
internal static class CaptionCommand
{
    /// <param name="ranks">The processes that share a training.</param>
    public static Command Create(CommandRanks ranks) => new("caption", "Train a captioner on a model's image tower, measure it, and write captions.")
    {
        CaptionTrainCommand.Create(ranks),
        CaptionEvalCommand.Create(),
        CaptionRunCommand.Create(),
    };
}
