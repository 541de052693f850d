using System.Security.Cryptography;
using System.Text;
using Flip.Config;
using Flip.Models;

namespace Flip.Tasks.Studies;

/// <summary>A combination of values with a seed: a training, perhaps a tuning behind it, and how the model is measured.</summary>
/// <param name="Values">Names of the values, one an axis.</param>
/// <param name="Seed">Which of the seeds, from 0.</param>
/// <param name="Training">The training.</param>
/// <param name="Tuning">The tuning behind it; null for none.</param>
/// <param name="Inference">How images are seen when it is measured.</param>
public sealed record StudyCell(IReadOnlyList<string> Values, int Seed, FlipConfig Training, FlipConfig? Tuning, InferenceMask Inference)
{
    private const int HashDigits = 16;

    /// <summary>What the training is known by: cells of the same settings on the same data are one run, in whatever study.</summary>
    /// <param name="dataOf">Hash of a configuration's data.</param>
    public string TrainingKey(Func<FlipConfig, string> dataOf)
    {
        ArgumentNullException.ThrowIfNull(dataOf);
        return Key(Training, dataOf(Training));
    }

    /// <summary>What the tuning is known by; null where there is none.</summary>
    /// <param name="dataOf">Hash of a configuration's data.</param>
    public string? TuningKey(Func<FlipConfig, string> dataOf)
    {
        ArgumentNullException.ThrowIfNull(dataOf);
        return Tuning is null ? null : Key(Tuning, $"{dataOf(Tuning)}\n{TrainingKey(dataOf)}");
    }

    /// <summary>Name of the cell for people.</summary>
    public override string ToString() => string.Join(", ", Values) + (Seed > 0 ? $", seed {Seed}" : "");

    private static string Key(FlipConfig config, string of) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Decisive(config)}\n{of}")))[..HashDigits];

    /// <summary>What decides a run's numbers: not the machine's settings, and not where the data lie.</summary>
    private static string Decisive(FlipConfig config) => string.Join('\n', ConfigWriter.Decisive(config));
}
