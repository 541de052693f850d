using System.CommandLine;

namespace Flip.Cli.Commands.Vqa;

/// <summary><c>flip vqa</c>: towers that answer questions about images.</summary>
internal static class VqaCommand
{
    public static Command Create() => new("vqa", "Train a model that answers questions about images, on a model's towers; measure it, and ask it.")
    {
        VqaTrainCommand.Create(),
        VqaEvalCommand.Create(),
        VqaRunCommand.Create(),
    };
}
