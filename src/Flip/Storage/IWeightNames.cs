using static TorchSharp.torch;

namespace Flip.Storage;

/// <summary>Where a parameter lies in a file: the tensors that stacked along their first axis are it.</summary>
/// <param name="Names">One name, or several, such as query, key and value.</param>
/// <param name="Layout">Layout of each.</param>
public sealed record StoredParameter(IReadOnlyList<string> Names, TensorLayout Layout)
{
    /// <summary>How the parameter's first axis is divided among the tensors, such as 1 and 2; empty for equal parts.</summary>
    public IReadOnlyList<int> Shares { get; init; } = [];

    /// <summary>Shape of a tensor in the file.</summary>
    /// <param name="shape">The parameter's shape with us.</param>
    /// <param name="part">Which of the tensors.</param>
    public IReadOnlyList<long> PartShape(long[] shape, int part) =>
        Names.Count == 1 ? Layout.ShapeOf(shape) : Layout.ShapeOf([RowsOf(shape[0], part), .. shape[1..]]);

    /// <summary>The parameter's rows that a tensor holds, in our layout.</summary>
    /// <param name="whole">The parameter.</param>
    /// <param name="part">Which of the tensors.</param>
    public Tensor PartOf(Tensor whole, int part) => Names.Count == 1
        ? whole
        : whole.narrow(0, Enumerable.Range(0, part).Sum(before => RowsOf(whole.shape[0], before)), RowsOf(whole.shape[0], part));

    private long RowsOf(long rows, int part) => Shares.Count == 0 ? rows / Names.Count : rows * Shares[part] / Shares.Sum();
}

/// <summary>The names that a format has for our parameters; one table, read both ways.</summary>
public interface IWeightNames
{
    /// <summary>Where a parameter lies; null if the format has no place for it.</summary>
    StoredParameter? Find(string parameter);

    /// <summary>Whether a tensor of a file may be left over: what follows from the configuration, such as position ids.</summary>
    bool Ignores(string name);
}

/// <summary>Our own files: the parameters' names.</summary>
public sealed class OwnNames : IWeightNames
{
    /// <summary>The only instance.</summary>
    public static OwnNames Instance { get; } = new();

    /// <inheritdoc/>
    public StoredParameter Find(string parameter) => new([parameter], TensorLayout.Same);

    /// <inheritdoc/>
    public bool Ignores(string name) => false;
}
