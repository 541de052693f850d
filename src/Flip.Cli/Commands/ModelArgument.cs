using System.CommandLine;
using Flip.Tasks.Pretraining;
using Flip.Training;

namespace Flip.Cli.Commands;

/// <summary>The argument by which a user names a model, of any format.</summary>
internal static class ModelArgument
{
    /// <summary>The argument itself.</summary>
    public static Argument<string> Create() => new("model")
    {
        Description = "Model: Flip's folder, run or checkpoint, or one of another library (see flip inspect).",
    };

    /// <summary>The last scores of the run that a model lies in; null if it lies in none.</summary>
    public static IReadOnlyDictionary<string, double>? ScoresOf(string path)
    {
        foreach (var folder in new[] { path, Path.Combine(path, "..") })
        {
            if (RunResults.Of(new RunFolder(folder)) is { } results)
            {
                return results.Scores;
            }
        }

        return null;
    }
}
