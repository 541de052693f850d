using Flip.Tasks.Pretraining;
using Flip.Tokenizers;

namespace Flip.Tasks.Benchmarking;

/// <summary>How <see cref="StepTurns"/> measures.</summary>
public sealed record StepTurnsOptions
{
    /// <summary>Steps measured of each setting, 1 or more.</summary>
    public int Rounds { get; init; } = 5;

    /// <summary>Time of all steps together, those that warm up included; with it spent a group ends after its round, but not before the third. Null for no end.</summary>
    public TimeSpan? Budget { get; init; }

    /// <summary>The pairs, read as a training reads them; null for random pixels and full-length texts.</summary>
    public TrainingData? Data { get; init; }

    /// <summary>Turns captions of <see cref="Data"/> into rows; null for that of the first setting.</summary>
    public ITokenizer? Tokenizer { get; init; }

    /// <summary>Receives each step that was made.</summary>
    public Action<StepTurn>? Progress { get; init; }
}

/// <summary>A step that was made of one of several settings.</summary>
/// <param name="Setting">Which of the settings, from 0.</param>
/// <param name="Round">Its round, from 1; up to 0 for steps that warm up.</param>
/// <param name="Rounds">Rounds of a group, if the time suffices.</param>
/// <param name="Group">Its group, from 0.</param>
/// <param name="Groups">Number of groups.</param>
/// <param name="Seconds">Its time.</param>
public readonly record struct StepTurn(int Setting, int Round, int Rounds, int Group, int Groups, double Seconds);
