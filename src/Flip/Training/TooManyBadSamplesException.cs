namespace Flip.Training;

/// <summary>The share of samples that could not be read is above the one the configuration allows.</summary>
public sealed class TooManyBadSamplesException(string message) : FlipException(message);
