using Flip.Training;

namespace Flip.Tasks.Captioning;

/// <summary>A finished training of a captioner.</summary>
/// <param name="State">Where it ended.</param>
/// <param name="Tests">The figures of each test set.</param>
public sealed record CaptionResult(TrainState State, IReadOnlyList<CaptionScoresOfSet> Tests);
