namespace Flip.Evaluation.Answering;

/// <summary>Questions of one kind.</summary>
/// <param name="Name">The kind.</param>
/// <param name="Questions">Which questions, ascending.</param>
/// <param name="Accuracy">Their mean accuracy.</param>
public sealed record VqaGroup(string Name, IReadOnlyList<int> Questions, double Accuracy);
