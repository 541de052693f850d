namespace Flip.Tokenizers;

/// <summary>A token that is cut out of a text before the tokenizer sees it, with Hugging Face's flags.</summary>
/// <param name="Content">The text.</param>
/// <param name="Id">Its id; it may be one of the vocabulary.</param>
internal sealed record AddedToken(string Content, int Id)
{
    /// <summary>Whether it is a marker: texts where markers are text keep it.</summary>
    public bool Special { get; init; }

    /// <summary>Whether it is looked for in the normalized text, and in normalized form itself.</summary>
    public bool Normalized { get; init; } = true;

    /// <summary>Whether it takes the white space before it.</summary>
    public bool LeftStrip { get; init; }

    /// <summary>Whether it takes the white space behind it.</summary>
    public bool RightStrip { get; init; }

    /// <summary>Whether it is left alone inside a word.</summary>
    public bool SingleWord { get; init; }
}
