namespace Flip.Evaluation.Captioning;

/// <summary>A Java program of coco-caption that cannot be started, ends early, says something else than was asked, or does not answer.</summary>
/// <param name="message">Which program, what it did, and what to do.</param>
/// <param name="innerException">What it follows from, or null.</param>
public sealed class CocoJarException(string message, Exception? innerException = null) : FlipException(message, innerException);
