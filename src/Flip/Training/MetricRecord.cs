namespace Flip.Training;

/// <summary>Numbers logged together.</summary>
/// <param name="Samples">Samples seen by the training so far.</param>
/// <param name="Step">Optimizer steps so far.</param>
/// <param name="Time">When it was written.</param>
/// <param name="Values">Named numbers; not always finite.</param>
public sealed record MetricRecord(long Samples, long Step, DateTimeOffset Time, IReadOnlyDictionary<string, double> Values);
