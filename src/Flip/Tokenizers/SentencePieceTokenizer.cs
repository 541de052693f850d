using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Flip.Config;
using Flip.Io;

namespace Flip.Tokenizers;

/// <summary>
/// A SentencePiece model, Unigram (SigLIP) or byte-pair encoding with bytes for what the vocabulary lacks (SigLIP 2): a text's pieces, a marker of the end,
/// padding. The model's ids are SentencePiece's own, which the tests compare. It is computed here because Microsoft.ML.Tokenizers 2.0.1 does not open a model
/// without a marker of the beginning, which SigLIP's is, and gives other ids for letters that are unknown or removed.
/// </summary>
public sealed class SentencePieceTokenizer : ITokenizer
{
    private readonly SentencePieceModel _model;
    private readonly Source _source;
    private readonly SentencePieceRules _rules;
    private readonly SentencePieceText _text;
    private readonly IPieceSegmenter _segmenter;
    private readonly PieceSegments _segments;

    private SentencePieceTokenizer(SentencePieceModel model, Source source, SentencePieceRules rules, int end, int padding)
    {
        (_model, _source, _rules, EndId, PaddingId) = (model, source, rules, end, padding);
        var userDefined = new PieceMatcher(model.UserDefined());
        _text = new SentencePieceText(model, userDefined);
        _segmenter = model.IsUnigram ? new UnigramSegmenter(model) : new BytePairSegmenter(model, userDefined);
        _segments = new PieceSegments(model);
    }

    private SentencePieceTokenizer(SentencePieceTokenizer other, SentencePieceRules rules)
    {
        (_model, _source, _rules, EndId, PaddingId) = (other._model, other._source, rules, other.EndId, other.PaddingId);
        (_text, _segmenter, _segments) = (other._text, other._segmenter, other._segments);
    }

    /// <inheritdoc/>
    public int VocabularySize => _model.Pieces.Count;

    /// <summary>The id that ends every text.</summary>
    public int EndId { get; }

    /// <inheritdoc/>
    public int? EndOfTextId => EndId;

    /// <summary>The id that fills a row: for SigLIP that of the end, for SigLIP 2 one of its own.</summary>
    public int PaddingId { get; }

    /// <summary>What is done to a text before the tokenizer's own rules.</summary>
    public TextCleaning Cleaning => _rules.Cleaning;

    /// <summary>Reads a SentencePiece model's file.</summary>
    /// <exception cref="VocabularyException">It is missing, damaged, or of a kind that Flip does not have.</exception>
    public static SentencePieceTokenizer Load(string path) =>
        Read(path, TokenizerDescription.Load(Path.GetDirectoryName(Path.GetFullPath(path))!));

    internal static SentencePieceTokenizer Read(string path, TokenizerDescription? description)
    {
        try
        {
            var content = TokenizerInput.ReadBytes(path);
            return Of(SentencePieceFile.Read(path, content), new Source(Path.GetFileName(path), content), description);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VocabularyException(path, $"cannot be read as a tokenizer ({TokenizerInput.Reason(e)})", e);
        }
    }

    /// <summary>The tokenizer of a <c>tokenizer.json</c>.</summary>
    internal static SentencePieceTokenizer Of(SentencePieceModel model, string path, TokenizerDescription? description) =>
        Of(model, new Source(TokenizerFile.FileName, TokenizerInput.ReadBytes(path)), description);

    /// <summary>The same vocabulary under another cleaning.</summary>
    internal SentencePieceTokenizer With(TextCleaning cleaning) => cleaning == Cleaning ? this : new SentencePieceTokenizer(this, _rules with { Cleaning = cleaning });

    /// <inheritdoc/>
    public IReadOnlyList<int> Encode(string text)
    {
        var normal = _text.Normalize(_rules.Prepare(TokenizerLimits.Checked(text)));
        return _segments.Ids(normal, _segmenter.Segment(normal));
    }

    /// <summary>Fills a row: ids, the marker of the end, padding; of a text that is too long the marker takes the last place.</summary>
    /// <inheritdoc/>
    public int EncodeRow(string text, Span<int> row)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(row.Length, 1);
        var ids = Encode(text);
        var kept = Math.Min(ids.Count, row.Length - 1);
        for (var i = 0; i < kept; i++)
        {
            row[i] = ids[i];
        }

        row[kept] = EndId;
        row[(kept + 1)..].Fill(PaddingId);
        return kept + 1;
    }

    /// <inheritdoc/>
    /// <remarks>Markers are passed over.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">An id outside the vocabulary.</exception>
    public string Decode(IEnumerable<int> ids)
    {
        var bytes = ids.SelectMany(id => id >= 0 && id < VocabularySize
            ? BytesOf(_model.Pieces[id])
            : throw new ArgumentOutOfRangeException(nameof(ids), id, $"Ids are 0 to {VocabularySize - 1}."));
        var text = Encoding.UTF8.GetString([.. bytes]).Replace(SentencePieceModel.Blank, ' ');
        return _model.AddsBlank && text.StartsWith(' ') ? text[1..] : text;
    }

    /// <inheritdoc/>
    public void Save(string folder, int? contextLength = null)
    {
        AtomicFile.Write(Path.Combine(folder, _source.Name), stream => stream.Write(_source.Content));
        var description = new TokenizerDescription
        {
            TokenizerClass = _rules.Class,
            DoLowerCase = _rules.LowerCase,
            TextCleaning = Cleaning == TextCleaning.None ? null : Cleaning,
        };
        var others = new JsonObject
        {
            ["eos_token"] = _model.Pieces[EndId].Text,
            ["unk_token"] = _model.Pieces[_model.UnknownId].Text,
            ["pad_token"] = _model.Pieces[PaddingId].Text,
            ["add_bos_token"] = false,
            ["add_eos_token"] = true,
        };
        description.Save(folder, others, contextLength);
    }

    private static SentencePieceTokenizer Of(SentencePieceModel model, Source source, TokenizerDescription? description)
    {
        var declared = DeclaredTokens.Read(Path.GetDirectoryName(Path.GetFullPath(model.File))!);
        int IdOf(string piece, string what) => model.Ids.TryGetValue(piece, out var id)
            ? id
            : throw new VocabularyException(model.File, $"has no piece {TokenizerPart.Quoted(piece)}, {what}");
        var end = IdOf(declared.Role("eos_token") ?? model.EndPiece, "the marker of a text's end");

        // SigLIP's rows are filled with the marker of the end, though its vocabulary has one for padding.
        var padding = declared.Role("pad_token") is { } named ? IdOf(named, "the padding") : model.IsUnigram ? end : IdOf(model.PaddingPiece, "the padding");
        return new SentencePieceTokenizer(model, source, SentencePieceRules.Of(model, description), end, padding);
    }

    private static byte[] BytesOf(Piece piece) => piece.Type switch
    {
        PieceType.Byte when piece.Text.Length == 6 && byte.TryParse(piece.Text.AsSpan(3, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var value) => [value],
        PieceType.Control => [],
        PieceType.Unknown => Encoding.UTF8.GetBytes(" \u2047 "), // as SentencePiece shows it
        _ => Encoding.UTF8.GetBytes(piece.Text),
    };

    /// <summary>The file that the model came from, as it is written again.</summary>
    private sealed record Source(string Name, byte[] Content);
}
