using System.Text.Json;
using Flip.Config;

namespace Flip.Tokenizers;

/// <summary>The pieces of WordPiece, what was added to them, and which tokens are the markers.</summary>
/// <param name="Pieces">Pieces of words; a piece's place is its id.</param>
internal sealed record WordPieceVocabulary(IReadOnlyList<string> Pieces)
{
    /// <summary>Tokens that are cut out of a text; their ids may follow the pieces'.</summary>
    public IReadOnlyList<AddedToken> Added { get; init; } = [];

    public string Padding { get; init; } = "[PAD]";

    public string Unknown { get; init; } = "[UNK]";

    public string Cls { get; init; } = "[CLS]";

    public string Sep { get; init; } = "[SEP]";

    /// <summary>Tokens that are markers and not words; in FLIP's rows, which have none, they are text.</summary>
    public IReadOnlyList<string> Markers => [Padding, Unknown, Cls, Sep, "[MASK]"];

    /// <summary>Texts of all ids; an id that no token has is empty.</summary>
    public string[] Tokens()
    {
        var tokens = new string[Math.Max(Pieces.Count, Added.Select(token => token.Id + 1).DefaultIfEmpty().Max())];
        Array.Fill(tokens, string.Empty);
        for (var id = 0; id < Pieces.Count; id++)
        {
            tokens[id] = Pieces[id];
        }

        foreach (var token in Added)
        {
            tokens[token.Id] = token.Content;
        }

        return tokens;
    }

    /// <summary>The id of a token; -1 if there is none.</summary>
    public int IdOf(string token)
    {
        if (Added.FirstOrDefault(added => added.Content == token) is { } found)
        {
            return found.Id;
        }

        var id = Pieces.Count - 1;
        while (id >= 0 && Pieces[id] != token)
        {
            id--;
        }

        return id;
    }

    /// <summary>What keeps the pieces from being a vocabulary under these rules; null if nothing does.</summary>
    public string? Problem(WordPieceMarkers markers)
    {
        var seen = new HashSet<string>(Pieces.Count, StringComparer.Ordinal);
        return Pieces.FirstOrDefault(piece => !seen.Add(piece)) is { } repeated ? $"the piece '{repeated}' is there twice"
            : IdOf(Unknown) < 0 ? $"no line {Unknown}, so this is no WordPiece vocabulary (one piece a line)"
            : Pieces.FirstOrDefault(piece => piece.AsSpan().ContainsAny('\r', '\n')) is { } broken
                ? $"the piece {JsonSerializer.Serialize(broken)} holds a line break"
            : markers == WordPieceMarkers.None ? null
            : IdOf(Cls) < 0 ? $"no {Cls}, which begins a row"
            : IdOf(Sep) < 0 ? $"no {Sep}, which ends a row"
            : null;
    }
}
