using Flip.Training;

namespace Flip.Tasks.Finetuning;

/// <summary>A finished fine-tuning.</summary>
/// <param name="State">Samples, steps and seconds.</param>
/// <param name="Tests">The classifier on the test sets.</param>
/// <param name="WiseFt">Interpolated weights on the test sets.</param>
public sealed record FinetuneResult(TrainState State, IReadOnlyList<TestScores> Tests, IReadOnlyList<InterpolatedScores> WiseFt);
