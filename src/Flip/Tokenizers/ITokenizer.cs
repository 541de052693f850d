namespace Flip.Tokenizers;

/// <summary>Turns captions into rows of token ids for the text tower. Safe to call from several threads.</summary>
public interface ITokenizer
{
    /// <summary>Number of ids; every id is in [0, VocabularySize).</summary>
    int VocabularySize { get; }

    /// <summary>The id that fills a row behind the text.</summary>
    int PaddingId { get; }

    /// <summary>The id that ends every text, or null where the convention has none (FLIP's WordPiece).</summary>
    int? EndOfTextId { get; }

    /// <summary>All ids of <paramref name="text"/>, without markers, uncut.</summary>
    IReadOnlyList<int> Encode(string text);

    /// <summary>Fills one row for the text tower: markers where the convention has them, cut to the row's length, padded.</summary>
    /// <param name="text">Any text; an empty one is all padding (or only markers).</param>
    /// <param name="row">Receives the ids, <c>[length]</c>.</param>
    /// <returns>The number of valid ids in the row, markers included.</returns>
    int EncodeRow(string text, Span<int> row);

    /// <summary>The text of some ids, for people to read.</summary>
    string Decode(IEnumerable<int> ids);

    /// <summary>Writes the vocabulary file(s) into <paramref name="folder"/> in the ecosystem's form, so that
    /// <c>TokenizerFactory.Load</c> reads them back.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="contextLength">Ids in a row of the model, markers included, at which other libraries cut a text; null says nothing of it.</param>
    void Save(string folder, int? contextLength = null);
}
