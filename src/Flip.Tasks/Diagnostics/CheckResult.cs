namespace Flip.Tasks.Diagnostics;

/// <summary>What one check of a self-test found.</summary>
/// <param name="Name">What was compared.</param>
/// <param name="Passed">It is right.</param>
/// <param name="Difference">The largest difference as a share of what is allowed; below or at 1 it is right. Not a number where the check failed before.</param>
/// <param name="Problem">What is wrong, in one line; null where it is right.</param>
/// <param name="Seconds">Time it took.</param>
public sealed record CheckResult(string Name, bool Passed, double Difference, string? Problem, double Seconds);
