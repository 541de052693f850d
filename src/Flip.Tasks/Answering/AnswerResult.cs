using Flip.Training;

namespace Flip.Tasks.Answering;

/// <summary>A finished training of a model that answers questions.</summary>
/// <param name="State">Where it ended.</param>
/// <param name="Tests">The figures of each test set.</param>
public sealed record AnswerResult(TrainState State, IReadOnlyList<AnswerScoresOfSet> Tests);
