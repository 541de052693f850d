using System.Globalization;

namespace Flip.Tokenizers;

/// <summary>What a piece of a SentencePiece model is; the numbers are the file's.</summary>
internal enum PieceType
{
    /// <summary>A part of texts.</summary>
    Normal = 1,

    /// <summary>What stands for all that the vocabulary lacks.</summary>
    Unknown = 2,

    /// <summary>A marker, which no text becomes.</summary>
    Control = 3,

    /// <summary>Found in a text before anything else, and never merged.</summary>
    UserDefined = 4,

    /// <summary>Never taken.</summary>
    Unused = 5,

    /// <summary>One byte of a letter that the vocabulary lacks.</summary>
    Byte = 6,
}

/// <summary>A piece of a SentencePiece model; its id is its place.</summary>
/// <param name="Text">Its text, with <see cref="SentencePieceModel.Blank"/> for blanks.</param>
/// <param name="Score">Unigram: the logarithm of its probability. Byte pairs: the highest is merged first.</param>
/// <param name="Type">What it is.</param>
internal readonly record struct Piece(string Text, float Score, PieceType Type);

/// <summary>A SentencePiece model as a file holds it, checked.</summary>
internal sealed class SentencePieceModel
{
    /// <summary>What stands for a blank in pieces.</summary>
    public const char Blank = '▁';

    /// <param name="file">The file, for errors.</param>
    /// <param name="pieces">The pieces.</param>
    /// <exception cref="VocabularyException">They are no vocabulary.</exception>
    public SentencePieceModel(string file, IReadOnlyList<Piece> pieces)
    {
        (File, Pieces) = (file, pieces);
        var ids = new Dictionary<string, int>(pieces.Count, StringComparer.Ordinal);
        for (var id = 0; id < pieces.Count; id++)
        {
            var piece = pieces[id];
            Require(piece.Text.Length > 0, $"piece {id} is empty");
            Require(
                piece.Text.Length <= TokenizerLimits.PieceLength,
                $"the piece {TokenizerPart.Quoted(piece.Text)} has {piece.Text.Length} characters, the most that are read are {TokenizerLimits.PieceLength}");
            Require(float.IsFinite(piece.Score), $"the piece {TokenizerPart.Quoted(piece.Text)} has no finite score");
            Require(ids.TryAdd(piece.Text, id), $"the piece {TokenizerPart.Quoted(piece.Text)} is there twice");
        }

        Ids = ids;
        Require(pieces.Count <= TokenizerLimits.Tokens, $"has {pieces.Count} pieces, the most that are read are {TokenizerLimits.Tokens}");
        var unknown = Enumerable.Range(0, pieces.Count).Where(id => pieces[id].Type == PieceType.Unknown).Take(2).ToList();
        Require(unknown.Count == 1, "needs one piece for what is unknown");
        UnknownId = unknown[0];
    }

    /// <summary>The file, for errors.</summary>
    public string File { get; }

    /// <summary>The pieces by id.</summary>
    public IReadOnlyList<Piece> Pieces { get; }

    /// <summary>The ids of the pieces.</summary>
    public IReadOnlyDictionary<string, int> Ids { get; }

    /// <summary>The id of what is unknown.</summary>
    public int UnknownId { get; }

    /// <summary>The best-scoring pieces are looked for (Unigram); else pairs are merged (BPE).</summary>
    public bool IsUnigram { get; init; } = true;

    /// <summary>A letter that the vocabulary lacks becomes its bytes.</summary>
    public bool HasBytes { get; init; }

    /// <summary>A blank is put before a text.</summary>
    public bool AddsBlank { get; init; } = true;

    /// <summary>Blanks before and behind a text are removed, and several become one.</summary>
    public bool MergesBlanks { get; init; } = true;

    /// <summary>What letters become first; null for themselves.</summary>
    public CharacterMap? Map { get; init; }

    /// <summary>Merges by the ids of their halves, as <c>tokenizer.json</c> lists them; null where scores order them.</summary>
    public IReadOnlyDictionary<(int Left, int Right), (int Rank, int Id)>? Merges { get; init; }

    /// <summary>The marker behind every text.</summary>
    public string EndPiece { get; init; } = "</s>";

    /// <summary>The marker that fills a row.</summary>
    public string PaddingPiece { get; init; } = "<pad>";

    /// <summary>The pieces for bytes, by byte; empty without them.</summary>
    /// <exception cref="VocabularyException">Some are missing.</exception>
    public int[] ByteIds() => !HasBytes ? [] : [.. Enumerable.Range(0, 256).Select(value =>
        Ids.TryGetValue(string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>"), out var id)
            ? id
            : throw new VocabularyException(File, $"has no piece for the byte {value}"))];

    /// <summary>The pieces that are found before anything else.</summary>
    public IEnumerable<(string Text, int Id)> UserDefined() =>
        Pieces.Select((piece, id) => (piece.Text, id)).Where(piece => Pieces[piece.id].Type == PieceType.UserDefined);

    /// <summary>Throws where something does not hold.</summary>
    public void Require(bool holds, string problem)
    {
        if (!holds)
        {
            throw new VocabularyException(File, problem);
        }
    }
}
