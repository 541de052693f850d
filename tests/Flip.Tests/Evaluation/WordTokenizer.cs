using Flip.Tokenizers;

namespace Flip.Tests.Evaluation;

/// <summary>Gives every new text the next id, as a row of one token, so that a test can say what each text embeds to.</summary>
internal sealed class WordTokenizer : ITokenizer
{
    private readonly List<string> _texts = [];

    public int VocabularySize => _texts.Count;

    public int PaddingId => 0;

    public int? EndOfTextId => null;

    public IReadOnlyList<int> Encode(string text)
    {
        if (!_texts.Contains(text))
        {
            _texts.Add(text);
        }

        return [_texts.IndexOf(text)];
    }

    public int EncodeRow(string text, Span<int> row)
    {
        row.Fill(PaddingId);
        row[0] = Encode(text)[0];
        return 1;
    }

    public string Decode(IEnumerable<int> ids) => string.Join(' ', ids.Select(id => _texts[id]));

    public void Save(string folder, int? contextLength = null) => throw new NotSupportedException();
}
