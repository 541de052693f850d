using Flip.Native;
using TorchSharp;

namespace Flip.Evaluation;

/// <summary>
/// Inner products with a fixed set of embeddings. They are summed in fp64 and rounded once to fp32, so that neither the size
/// of a chunk nor the number of threads shows in a score, and equal embeddings tie wherever they stand.
/// </summary>
internal sealed class Similarity : IDisposable
{
    private readonly torch.Tensor _keys; // [dim, keys]
    private readonly int _dim;

    /// <summary>Products with <paramref name="keys"/>, <c>[keys, dim]</c>.</summary>
    public Similarity(float[] keys, int dim)
    {
        LibTorch.EnsureLoaded();
        _dim = dim;
        using var scope = torch.NewDisposeScope();
        _keys = Wide(keys).t().DetachFromDisposeScope();
    }

    /// <summary>Number of embeddings in the set.</summary>
    public int Count => (int)_keys.shape[1];

    /// <summary>Products of each query with each embedding of the set, <c>[queries, Count]</c>.</summary>
    /// <param name="queries"><c>[queries, dim]</c>.</param>
    public float[] Scores(float[] queries)
    {
        using var scope = torch.NewDisposeScope();
        return Wide(queries).mm(_keys).to(torch.float32).data<float>().ToArray();
    }

    /// <inheritdoc/>
    public void Dispose() => _keys.Dispose();

    private torch.Tensor Wide(float[] rows) =>
        torch.tensor(rows, rows.Length / _dim, _dim, device: torch.CPU).to(torch.float64);
}
