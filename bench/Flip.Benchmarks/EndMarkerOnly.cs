using Flip.Tokenizers;

namespace Flip.Benchmarks;

/// <summary>CLIP's end-of-text id, which is all that an export needs of a tokenizer; random weights have no vocabulary.</summary>
internal sealed class EndMarkerOnly : ITokenizer
{
    public int VocabularySize => 49408;

    public int PaddingId => 0;

    public int? EndOfTextId => 49407;

    public IReadOnlyList<int> Encode(string text) => throw new NotSupportedException();

    public int EncodeRow(string text, Span<int> row) => throw new NotSupportedException();

    public string Decode(IEnumerable<int> ids) => throw new NotSupportedException();

    public void Save(string folder, int? contextLength = null) => throw new NotSupportedException();
}
