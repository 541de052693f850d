using System.Text;
using Flip.Config;
using Flip.Io;
using Microsoft.ML.Tokenizers;
using LibraryTokenizer = Microsoft.ML.Tokenizers.WordPieceTokenizer;

namespace Flip.Tokenizers;

/// <summary>
/// WordPiece (BERT's rules), by default in FLIP's convention: uncased, no [CLS] or [SEP], rows cut to their length or filled with
/// padding. Words are split by <see cref="WordPieceText"/>, pieces are found by Microsoft.ML.Tokenizers.
/// </summary>
public sealed class WordPieceTokenizer : ITokenizer
{
    /// <summary>Marks a piece that continues a word.</summary>
    internal const string Continuing = "##";
    internal const string VocabularyFile = "vocab.txt";

    private readonly string[] _tokens;
    private readonly AddedTokens _added;
    private readonly LibraryTokenizer _tokenizer;
    private readonly WordCache _cache = new();
    private readonly WordCache.Encoder _encodeWord;
    private readonly int[] _unknown;
    private readonly int _clsId;
    private readonly int _sepId;

    /// <param name="pieces">The vocabulary; a piece's place is its id.</param>
    /// <param name="variant">Text normalization.</param>
    /// <exception cref="ArgumentException">A piece is repeated or [UNK] is missing.</exception>
    public WordPieceTokenizer(IReadOnlyList<string> pieces, WordPieceVariant variant = WordPieceVariant.Bert)
        : this(new WordPieceVocabulary(pieces), WordPieceRules.Of(variant))
    {
    }

    internal WordPieceTokenizer(WordPieceVocabulary vocabulary, WordPieceRules rules)
    {
        if (vocabulary.Problem(rules.Markers) is { } problem)
        {
            throw new ArgumentException(problem, nameof(vocabulary));
        }

        (Vocabulary, Rules, _tokens) = (vocabulary, rules, vocabulary.Tokens());
        _unknown = [vocabulary.IdOf(vocabulary.Unknown)];
        (_clsId, _sepId) = (vocabulary.IdOf(vocabulary.Cls), vocabulary.IdOf(vocabulary.Sep));
        PaddingId = Math.Max(0, vocabulary.IdOf(vocabulary.Padding));
        var hidden = rules.Markers == WordPieceMarkers.None ? vocabulary.Markers : [];
        string Normalize(string text) => WordPieceText.Normalize(text, rules, separate: false);
        _added = new AddedTokens(vocabulary.Added.Where(token => !hidden.Contains(token.Content)), Normalize, Normalize, rules.SplitSpecialTokens);
        _encodeWord = EncodeWord;

        // The mark first: the library takes one away, which a piece may begin with.
        using var pieces = new MemoryStream([.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(string.Join('\n', vocabulary.Pieces))]);
        _tokenizer = LibraryTokenizer.Create(pieces, new WordPieceOptions
        {
            PreTokenizer = new WholeText(),
            UnknownToken = vocabulary.Unknown,
            ContinuingSubwordPrefix = Continuing,

            // UTF-16 units; the references count otherwise, see WordPieceText.IsTooLong. The library takes stack space for as many.
            MaxInputCharsPerWord = 512,
        });
    }

    /// <summary>Text normalization before the split into pieces.</summary>
    public WordPieceVariant Variant => Rules.Variant;

    /// <summary>Markers around a text.</summary>
    public WordPieceMarkers Markers => Rules.Markers;

    /// <summary>What is done to a text before it is normalized.</summary>
    public TextCleaning Cleaning => Rules.Cleaning;

    /// <inheritdoc/>
    public int VocabularySize => _tokens.Length;

    /// <inheritdoc/>
    public int PaddingId { get; }

    /// <inheritdoc/>
    public int? EndOfTextId => Rules.Markers == WordPieceMarkers.ClsSep ? _sepId : null;

    internal string PaddingToken => _tokens[PaddingId];

    internal WordPieceVocabulary Vocabulary { get; }

    internal WordPieceRules Rules { get; }

    /// <summary>Reads a vocabulary file: UTF-8, one piece a line.</summary>
    /// <exception cref="VocabularyException">The file is missing or no such vocabulary.</exception>
    public static WordPieceTokenizer Load(string path, WordPieceVariant variant = WordPieceVariant.Bert) =>
        Create(path, new WordPieceVocabulary(ReadPieces(path)), WordPieceRules.Of(variant));

    /// <summary>The pieces of a vocabulary file.</summary>
    /// <exception cref="VocabularyException">The file cannot be read.</exception>
    internal static string[] ReadPieces(string path)
    {
        try
        {
            return [.. TokenizerInput.ReadLines(path, TokenizerLimits.TokenLength)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new VocabularyException(path, $"cannot be read ({TokenizerInput.Reason(e)})", e);
        }
    }

    /// <summary>The tokenizer of a file's vocabulary.</summary>
    /// <exception cref="VocabularyException">The vocabulary does not fit the rules.</exception>
    internal static WordPieceTokenizer Create(string path, WordPieceVocabulary vocabulary, WordPieceRules rules) =>
        vocabulary.Problem(rules.Markers) is { } problem ? throw new VocabularyException(path, problem) : new WordPieceTokenizer(vocabulary, rules);

    /// <summary>The same vocabulary under other rules.</summary>
    /// <exception cref="VocabularyException">It lacks a marker.</exception>
    internal WordPieceTokenizer With(WordPieceMarkers markers, TextCleaning cleaning)
    {
        if (markers == Markers && cleaning == Cleaning)
        {
            return this;
        }

        // Where rows have markers, a marker in a text is one too, as Hugging Face has it.
        var missing = Vocabulary.Markers.Where(marker => Vocabulary.IdOf(marker) >= 0 && Vocabulary.Added.All(token => token.Content != marker))
            .Select(marker => new AddedToken(marker, Vocabulary.IdOf(marker)) { Special = true, Normalized = false });
        var vocabulary = markers == WordPieceMarkers.None ? Vocabulary : Vocabulary with { Added = [.. Vocabulary.Added, .. missing] };
        return Create("of the tokenizer", vocabulary, Rules with { Markers = markers, Cleaning = cleaning });
    }

    /// <inheritdoc/>
    public IReadOnlyList<int> Encode(string text)
    {
        var ids = new List<int>(text.Length / 4);
        foreach (var word in Words(text))
        {
            ids.AddRange(word);
        }

        return ids;
    }

    /// <inheritdoc/>
    public int EncodeRow(string text, Span<int> row)
    {
        var (first, last) = Rules.Markers == WordPieceMarkers.None ? (0, row.Length) : (1, row.Length - 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(last, first);
        var filled = first;
        foreach (var word in Words(text))
        {
            if (filled == last)
            {
                break;
            }

            var ids = word.AsSpan(0, Math.Min(word.Length, last - filled));
            ids.CopyTo(row[filled..]);
            filled += ids.Length;
        }

        var valid = filled;
        if (Rules.Markers != WordPieceMarkers.None)
        {
            (row[0], row[filled++]) = (_clsId, _sepId);
        }

        row[filled..].Fill(PaddingId);
        if (Rules.Markers == WordPieceMarkers.Cls)
        {
            row.Replace(_sepId, 0); // one in the text too, and 0 whatever the padding is: so does open_clip
            return valid;
        }

        return filled;
    }

    /// <summary>The pieces with blanks between words; padding is left out.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id outside the vocabulary.</exception>
    public string Decode(IEnumerable<int> ids)
    {
        var text = new StringBuilder();
        foreach (var id in ids.Where(id => id != PaddingId))
        {
            ArgumentOutOfRangeException.ThrowIfNegative(id);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(id, VocabularySize);
            var piece = _tokens[id];
            _ = piece.StartsWith(Continuing, StringComparison.Ordinal) && text.Length > 0
                ? text.Append(piece, Continuing.Length, piece.Length - Continuing.Length)
                : text.Append(text.Length > 0 ? " " : string.Empty).Append(piece);
        }

        return text.ToString();
    }

    /// <inheritdoc/>
    public void Save(string folder, int? contextLength = null)
    {
        AtomicFile.WriteText(Path.Combine(folder, VocabularyFile), string.Join('\n', Vocabulary.Pieces) + "\n");
        WordPieceTokenizerFile.Save(folder, this);
        WordPieceTokenizerFile.Describe(folder, this, contextLength);
    }

    /// <summary>Ids of each word and added token of a text, in their order.</summary>
    private IEnumerable<int[]> Words(string text)
    {
        text = TextCleaner.Clean(TokenizerLimits.Checked(text), Rules.Cleaning);
        foreach (var (part, id) in _added.IsEmpty ? [(text, AddedTokens.Text)] : _added.Cut(text))
        {
            if (id != AddedTokens.Text)
            {
                yield return [id];
                continue;
            }

            var normalized = WordPieceText.Normalize(part, Rules);
            for (var start = 0; start < normalized.Length;)
            {
                var blank = normalized.IndexOf(' ', start);
                var end = blank < 0 ? normalized.Length : blank;
                if (end > start)
                {
                    yield return _cache.GetOrEncode(normalized.AsSpan(start, end - start), _encodeWord);
                }

                start = end + 1;
            }
        }
    }

    private int[] EncodeWord(ReadOnlySpan<char> word) =>
        WordPieceText.IsTooLong(word, Rules.Variant, Rules.LongestWord) ? _unknown : [.. _tokenizer.EncodeToIds(word)];

    /// <summary>The library's own pre-tokenizer would split once more what is already a word.</summary>
    private sealed class WholeText : PreTokenizer
    {
        public override IEnumerable<(int Offset, int Length)> PreTokenize(string text) => [(0, text.Length)];

        public override IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text) => [(0, text.Length)];
    }
}
