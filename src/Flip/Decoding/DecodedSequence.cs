namespace Flip.Decoding;

/// <summary>A sequence that was written.</summary>
/// <param name="Tokens">Its tokens without the marks of beginning and end.</param>
/// <param name="LogProbability">Sum of the tokens' natural log-probabilities, the end's among them.</param>
/// <param name="Score">What it is ranked by: <paramref name="LogProbability"/> over its length, with the end, to the power of the length penalty.</param>
/// <param name="IsFinished">Whether it ended by itself, not at the greatest length.</param>
public sealed record DecodedSequence(IReadOnlyList<int> Tokens, double LogProbability, double Score, bool IsFinished);
