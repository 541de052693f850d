namespace Flip.Data.Loading;

/// <summary>One sample that could not be used.</summary>
/// <param name="Row">Row of the block it was for.</param>
/// <param name="Sample">Its index in the data set.</param>
/// <param name="Cause">What is counted.</param>
/// <param name="Message">What is wrong with it.</param>
internal readonly record struct BadSample(int Row, long Sample, string Cause, string Message);
