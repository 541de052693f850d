namespace Flip.Data;

/// <summary>Texts in a fixed order, each with a key.</summary>
public interface ITextSource
{
    /// <summary>Reads all texts in order; may be called again.</summary>
    /// <exception cref="IOException">The source cannot be read.</exception>
    IEnumerable<SourceText> Read();
}

/// <summary>A text of a source, or what is wrong with one.</summary>
/// <param name="Key">Its key, one line: a name, or the number of the line or entry, from 1.</param>
/// <param name="Text">The text, not blank; null for one that cannot be used.</param>
/// <param name="Problem">What is wrong and where; null for a text that can be used.</param>
public readonly record struct SourceText(string Key, string? Text, string? Problem = null);
