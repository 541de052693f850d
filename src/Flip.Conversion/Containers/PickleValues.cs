namespace Flip.Conversion.Containers;

/// <summary>A dictionary of a pickle; its table is made with the first item, as an empty one costs a file one byte.</summary>
internal sealed class PickleDict
{
    private OrderedDictionary<object, object?>? _items;

    public IEnumerable<KeyValuePair<object, object?>> Items => _items ?? [];

    public bool TryAdd(object key, object? value) => (_items ??= []).TryAdd(key, value);

    public object? Get(string key) => _items is not null && _items.TryGetValue(key, out var value) ? value : null;
}

/// <summary>An object of a TorchScript archive: a module with its attributes, of which the tensors are of interest.</summary>
internal sealed class ScriptObject(string className)
{
    public string ClassName { get; } = className;

    /// <summary>Null until the pickle has given them.</summary>
    public PickleDict? Attributes { get; set; }
}

/// <summary>What a name in a pickle stands for here. No name stands for code.</summary>
internal enum PickleGlobalKind
{
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    Storage,
    ElementType,
    Size,
    Device,
    TypedList,
    TaggedValue,
    ScriptClass,
}

/// <summary>A name that a pickle may hold.</summary>
/// <param name="Name">Module and name.</param>
/// <param name="Kind">What it stands for.</param>
/// <param name="ElementType">Of a storage: its type by safetensors' name.</param>
internal sealed record PickleGlobal(string Name, PickleGlobalKind Kind, string? ElementType = null);

/// <summary>A block of elements that tensors are views of.</summary>
/// <param name="Type">Type of the elements by safetensors' name.</param>
/// <param name="Key">Name of the record that holds them.</param>
/// <param name="Count">Elements.</param>
internal sealed record TorchStorage(string Type, string Key, long Count);

/// <summary>A view of a storage that lies within it and has no more elements than it.</summary>
/// <param name="Storage">The elements.</param>
/// <param name="Offset">First element.</param>
/// <param name="Shape">Sizes.</param>
/// <param name="Strides">Elements from one index to the next in each dimension.</param>
internal sealed record TorchTensor(TorchStorage Storage, long Offset, long[] Shape, long[] Strides);
