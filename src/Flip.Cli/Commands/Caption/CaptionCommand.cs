using System.CommandLine;

namespace Flip.Cli.Commands.Caption;

/// <summary><c>flip caption</c>: an image tower that tells what it sees.</summary>
internal static class CaptionCommand
{
    public static Command Create() => new("caption", "Train a captioner on a model's image tower, measure it, and write captions.")
    {
        CaptionTrainCommand.Create(),
        CaptionEvalCommand.Create(),
        CaptionRunCommand.Create(),
    };
}
