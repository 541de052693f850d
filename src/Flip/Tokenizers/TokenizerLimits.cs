namespace Flip.Tokenizers;

/// <summary>
/// What a tokenizer's files and texts may hold. The files are a stranger's, and small ones unpack or grow to what no machine holds; the limits are above
/// everything published, which each names.
/// </summary>
public static class TokenizerLimits
{
    /// <summary>UTF-16 units of a text, about as many letters: a long novel. A caption has some hundred, and a row cuts it after 77 tokens or so.</summary>
    public const int TextLength = 1 << 22;

    /// <summary>Bytes of a file, unpacked. Gemma 3's <c>tokenizer.json</c> has 33 MB, multilingual LaBSE's <c>vocab.txt</c> 5 MB, CLIP's list of merges 3 MB.</summary>
    internal const int FileBytes = 64 << 20;

    /// <summary>Values of a JSON file, names included. Gemma 3's has 2.6 million, most of them halves of merges.</summary>
    internal const int JsonValues = 1 << 23;

    /// <summary>Tokens of a vocabulary, merges, and lines of a list, blank ones included. The largest vocabulary is XLM-V's, of 901 629 tokens.</summary>
    internal const int Tokens = 1 << 20;

    /// <summary>UTF-16 units of a token. The longest are runs of 128 blanks, in vocabularies for code.</summary>
    internal const int TokenLength = 512;

    /// <summary>UTF-16 units of a piece of SentencePiece: at each place of a text as many are tried. Gemma's longest are runs of 31 blanks.</summary>
    internal const int PieceLength = 128;

    /// <summary>UTF-16 units of a text after SentencePiece's map of characters, which can make 18 of one.</summary>
    internal const int NormalizedLength = 1 << 23;

    /// <summary>Tokens that are added to a vocabulary. Llasa has 65 536 for sounds.</summary>
    internal const int AddedTokens = 1 << 17;

    /// <summary>UTF-16 units of an added token: at each place of a text as many lengths may be tried. Llama 3 has some of 31.</summary>
    internal const int AddedTokenLength = 128;

    /// <summary>UTF-16 units of all added tokens, for each of which the search keeps a state. Llasa's are 0.9 million.</summary>
    internal const int AddedLength = 1 << 21;

    /// <summary>A text of a length that is tokenized.</summary>
    /// <exception cref="ConfigException">It is longer.</exception>
    internal static string Checked(string text) => Problem(text) is { } problem ? throw new ConfigException($"A text cannot be tokenized: {problem}.") : text;

    /// <summary>What is wrong with a text, as a clause; null if nothing is.</summary>
    public static string? Problem(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length > TextLength
            ? FormattableString.Invariant($"the text has {text.Length} characters, and the longest that is tokenized {TextLength}: shorten it")
            : null;
    }
}
