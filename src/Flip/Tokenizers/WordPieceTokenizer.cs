using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flip.Config;
using Flip.Io;
using Microsoft.ML.Tokenizers;
using LibraryTokenizer = Microsoft.ML.Tokenizers.WordPieceTokenizer;

namespace Flip.Tokenizers;

/// <summary>
/// WordPiece over uncased words (BERT's rules), in FLIP's convention: no [CLS] or [SEP], rows cut to their length or filled with
/// padding. Words are split by <see cref="WordPieceText"/>, pieces are found by Microsoft.ML.Tokenizers.
/// </summary>
public sealed class WordPieceTokenizer : ITokenizer
{
    /// <summary>Marks a piece that continues a word.</summary>
    internal const string Continuing = "##";
    internal const string Padding = "[PAD]";
    internal const string Unknown = "[UNK]";
    internal const string VocabularyFile = "vocab.txt";

    private readonly IReadOnlyList<string> _pieces;
    private readonly LibraryTokenizer _tokenizer;
    private readonly WordCache _cache = new();
    private readonly WordCache.Encoder _encodeWord;
    private readonly int _unknownId;

    /// <param name="pieces">The vocabulary; a piece's place is its id.</param>
    /// <param name="variant">Text normalization.</param>
    /// <exception cref="ArgumentException">A piece is repeated or [UNK] is missing.</exception>
    public WordPieceTokenizer(IReadOnlyList<string> pieces, WordPieceVariant variant = WordPieceVariant.Bert)
        : this(pieces, variant, variant == WordPieceVariant.TfText ? WordPieceText.MaxBytes : WordPieceText.MaxCharacters)
    {
    }

    internal WordPieceTokenizer(IReadOnlyList<string> pieces, WordPieceVariant variant, int longestWord)
    {
        if (Problem(pieces) is { } problem)
        {
            throw new ArgumentException(problem, nameof(pieces));
        }

        _pieces = pieces;
        Variant = variant;
        LongestWord = longestWord;
        _unknownId = IndexOf(pieces, Unknown);
        PaddingId = Math.Max(0, IndexOf(pieces, Padding));
        _encodeWord = EncodeWord;
        using var vocabulary = new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', pieces)));
        _tokenizer = LibraryTokenizer.Create(vocabulary, new WordPieceOptions
        {
            PreTokenizer = new WholeText(),
            UnknownToken = Unknown,
            ContinuingSubwordPrefix = Continuing,

            // UTF-16 units; the references count otherwise, see WordPieceText.IsTooLong. The library takes stack space for as many.
            MaxInputCharsPerWord = 512,
        });
    }

    /// <summary>Text normalization before the split into pieces.</summary>
    public WordPieceVariant Variant { get; }

    /// <inheritdoc/>
    public int VocabularySize => _pieces.Count;

    /// <inheritdoc/>
    public int PaddingId { get; }

    /// <inheritdoc/>
    public int? EndOfTextId => null;

    /// <summary>Length of a word, above which it is unknown: characters for BERT, UTF-8 bytes for TensorFlow Text.</summary>
    internal int LongestWord { get; }

    /// <summary>Reads a vocabulary file: UTF-8, one piece a line.</summary>
    /// <exception cref="VocabularyException">The file is missing or no such vocabulary.</exception>
    public static WordPieceTokenizer Load(string path, WordPieceVariant variant = WordPieceVariant.Bert)
    {
        try
        {
            var pieces = File.ReadAllLines(path);
            return Problem(pieces) is { } problem ? throw new VocabularyException(path, problem) : new WordPieceTokenizer(pieces, variant);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VocabularyException(path, $"cannot be read ({e.Message.TrimEnd('.')})", e);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<int> Encode(string text)
    {
        var normalized = WordPieceText.Normalize(text, Variant).AsSpan();
        var ids = new List<int>(normalized.Length / 4);
        foreach (var range in normalized.Split(' '))
        {
            if (!normalized[range].IsEmpty)
            {
                ids.AddRange(_cache.GetOrEncode(normalized[range], _encodeWord));
            }
        }

        return ids;
    }

    /// <inheritdoc/>
    public int EncodeRow(string text, Span<int> row)
    {
        var normalized = WordPieceText.Normalize(text, Variant).AsSpan();
        var filled = 0;
        foreach (var range in normalized.Split(' '))
        {
            if (filled == row.Length)
            {
                break;
            }

            if (!normalized[range].IsEmpty)
            {
                var ids = _cache.GetOrEncode(normalized[range], _encodeWord).AsSpan();
                ids = ids[..Math.Min(ids.Length, row.Length - filled)];
                ids.CopyTo(row[filled..]);
                filled += ids.Length;
            }
        }

        row[filled..].Fill(PaddingId);
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
            var piece = _pieces[id];
            _ = piece.StartsWith(Continuing, StringComparison.Ordinal) && text.Length > 0
                ? text.Append(piece, Continuing.Length, piece.Length - Continuing.Length)
                : text.Append(text.Length > 0 ? " " : string.Empty).Append(piece);
        }

        return text.ToString();
    }

    /// <inheritdoc/>
    public void Save(string folder, int? contextLength = null)
    {
        AtomicFile.WriteText(Path.Combine(folder, VocabularyFile), string.Join('\n', _pieces) + "\n");
        WordPieceTokenizerFile.Save(folder, this, _pieces);
        var description = new TokenizerDescription { TokenizerClass = TokenizerDescription.AnyFast, DoLowerCase = true, WordPieceVariant = Variant };
        description.Save(
            folder,
            new JsonObject
            {
                ["unk_token"] = Unknown,
                ["pad_token"] = _pieces[PaddingId],

                // "[PAD]" written in a caption is text, as in google-research/bert, and not the marker.
                ["split_special_tokens"] = true,
                ["model_input_names"] = new JsonArray("input_ids", "attention_mask"),
            },
            contextLength);
    }

    private int[] EncodeWord(ReadOnlySpan<char> word) =>
        WordPieceText.IsTooLong(word, Variant, LongestWord) ? [_unknownId] : [.. _tokenizer.EncodeToIds(word)];

    internal static string? Problem(IReadOnlyList<string> pieces)
    {
        var seen = new HashSet<string>(pieces.Count, StringComparer.Ordinal);
        return pieces.FirstOrDefault(piece => !seen.Add(piece)) is { } repeated ? $"the piece '{repeated}' is there twice"
            : !seen.Contains(Unknown) ? $"no line {Unknown}, so this is no WordPiece vocabulary (one piece a line)"
            : pieces.FirstOrDefault(piece => piece.AsSpan().ContainsAny('\r', '\n')) is { } broken
                ? $"the piece {JsonSerializer.Serialize(broken)} holds a line break"
            : null;
    }

    private static int IndexOf(IReadOnlyList<string> pieces, string wanted)
    {
        var i = pieces.Count - 1;
        while (i >= 0 && pieces[i] != wanted)
        {
            i--;
        }

        return i;
    }

    /// <summary>The library's own pre-tokenizer would split once more what is already a word.</summary>
    private sealed class WholeText : PreTokenizer
    {
        public override IEnumerable<(int Offset, int Length)> PreTokenize(string text) => [(0, text.Length)];

        public override IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text) => [(0, text.Length)];
    }
}
