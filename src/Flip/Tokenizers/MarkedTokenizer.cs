namespace Flip.Tokenizers;

/// <summary>
/// A tokenizer whose rows are sequences to be written token by token: a mark of the beginning, the text, a mark of the end. The marks are two ids behind those of the
/// vocabulary, so that they are told from everything that a text can hold, whatever the tokenizer.
/// </summary>
/// <param name="inner">The tokenizer of the text.</param>
public sealed class MarkedTokenizer(ITokenizer inner) : ITokenizer
{
    /// <summary>The tokenizer of the text.</summary>
    public ITokenizer Inner => inner;

    /// <summary>The id that begins every row.</summary>
    public int BeginId => inner.VocabularySize;

    /// <summary>The id that ends every text that is not cut.</summary>
    public int EndId => inner.VocabularySize + 1;

    /// <inheritdoc/>
    public int VocabularySize => inner.VocabularySize + 2;

    /// <inheritdoc/>
    public int PaddingId => inner.PaddingId;

    /// <inheritdoc/>
    public int? EndOfTextId => EndId;

    /// <inheritdoc/>
    public IReadOnlyList<int> Encode(string text) => inner.Encode(text);

    /// <summary>Fills one row. A text that does not fit is cut and has no end: nothing teaches that it ends there.</summary>
    /// <inheritdoc/>
    public int EncodeRow(string text, Span<int> row)
    {
        var ids = inner.Encode(text);
        var kept = Math.Min(ids.Count, row.Length - 1);
        row[0] = BeginId;
        for (var i = 0; i < kept; i++)
        {
            row[i + 1] = ids[i];
        }

        var valid = kept + 1;
        if (valid < row.Length)
        {
            row[valid++] = EndId;
        }

        row[valid..].Fill(PaddingId);
        return valid;
    }

    /// <inheritdoc/>
    /// <remarks>Marks are passed over.</remarks>
    public string Decode(IEnumerable<int> ids) => inner.Decode(ids.Where(id => id < inner.VocabularySize));

    /// <inheritdoc/>
    public void Save(string folder, int? contextLength = null) => inner.Save(folder, contextLength);
}
