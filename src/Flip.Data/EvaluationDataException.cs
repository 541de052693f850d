namespace Flip.Data;

/// <summary>A sample or shard of an evaluation cannot be used. A figure over fewer samples would be another figure, so it stops.</summary>
public sealed class EvaluationDataException(string message, Exception? innerException = null) : FlipException(message, innerException);
