using Flip.Tokenizers;

namespace Flip.Tests.Data;

/// <summary>A token a character.</summary>
internal sealed class CharTokenizer : ITokenizer
{
    public int VocabularySize => 65536;

    public int PaddingId { get; init; }

    public int? EndOfTextId { get; init; }

    public IReadOnlyList<int> Encode(string text) => [.. text.Select(c => (int)c)];

    public int EncodeRow(string text, Span<int> row)
    {
        row.Clear();
        var count = Math.Min(text.Length, row.Length);
        for (var i = 0; i < count; i++)
        {
            row[i] = text[i];
        }

        return count;
    }

    public string Decode(IEnumerable<int> ids) => string.Concat(ids.TakeWhile(id => id != 0).Select(id => (char)id));

    public void Save(string folder, int? contextLength = null) => throw new NotSupportedException();
}
