namespace Flip.Tokenizers;

/// <summary>A vocabulary that is missing or cannot be used; the message names the file and says what is expected there.</summary>
public sealed class VocabularyException : FlipException
{
    /// <param name="path">The file or folder.</param>
    /// <param name="problem">What is wrong, as a clause without a full stop.</param>
    /// <param name="innerException">The cause, if any.</param>
    public VocabularyException(string path, string problem, Exception? innerException = null)
        : base($"Vocabulary {path}: {problem}.", innerException)
    {
    }
}
