namespace Flip.Storage;

/// <summary>Where a parameter lies in a file: the tensors that stacked along their first axis are it.</summary>
/// <param name="Names">One name, or several of equal shape, such as query, key and value.</param>
/// <param name="Layout">Layout of each.</param>
public sealed record StoredParameter(IReadOnlyList<string> Names, TensorLayout Layout)
{
    /// <summary>Shape of each tensor in the file.</summary>
    /// <param name="shape">The parameter's shape with us.</param>
    public IReadOnlyList<long> PartShape(long[] shape) =>
        Names.Count == 1 ? Layout.ShapeOf(shape) : Layout.ShapeOf([shape[0] / Names.Count, .. shape[1..]]);
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
