using Flip.Decoding;
using static TorchSharp.torch;

namespace Flip.Tests.Decoding;

/// <summary>Continues each row by a function of all its tokens, of which it keeps its own record.</summary>
internal sealed class ChainModel(int vocabulary, int rows, Func<int, IReadOnlyList<int>, float[]> scores) : INextToken
{
    private List<int>[] _rows = [.. Enumerable.Range(0, rows).Select(_ => new List<int>())];

    public int VocabularySize => vocabulary;

    public Tensor Next(Tensor tokens)
    {
        var next = tokens.data<long>().ToArray();
        for (var row = 0; row < rows; row++)
        {
            _rows[row].Add((int)next[row]);
        }

        return tensor(_rows.SelectMany((row, i) => scores(i, row)).ToArray()).view(rows, vocabulary);
    }

    public void Reorder(Tensor parents) => _rows = [.. parents.data<long>().ToArray().Select(parent => new List<int>(_rows[(int)parent]))];

    public void Dispose()
    {
        // no memory of its own
    }
}
