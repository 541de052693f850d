using Flip.Evaluation.Outcomes;

namespace Flip.Evaluation.Probes;

/// <summary>What a probe measured.</summary>
/// <param name="Method">Its name.</param>
/// <param name="Setting">What was chosen or given, in a few words, such as "λ 0.0001".</param>
/// <param name="Outcome">What became of each test image.</param>
/// <param name="Seconds">Time it took, without the features.</param>
/// <param name="Details">What else is worth recording, by name.</param>
public sealed record ProbeResult(
    string Method, string Setting, ClassificationOutcome Outcome, double Seconds, IReadOnlyDictionary<string, object> Details);
