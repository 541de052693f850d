namespace Flip.Conversion.Containers;

/// <summary>A dictionary of a pickle; its list is made with the first item, as an empty one costs a file one byte. Keys are not hashed: a
/// stranger chooses them.</summary>
internal sealed class PickleDict
{
    private List<KeyValuePair<object?, object?>>? _items;

    public IReadOnlyList<KeyValuePair<object?, object?>> Items => _items ?? [];

    public void Add(object? key, object? value) => (_items ??= []).Add(new(key, value));

    /// <summary>The value of a text key, the last one as in Python; null if there is none.</summary>
    public object? Get(string key) => _items?.FindLast(item => item.Key is string text && text == key).Value;
}

/// <summary>Bytes, or a whole number of more than 64 bits: nothing that is read needs what they say.</summary>
internal sealed class PickleBlob;

/// <summary>
/// An object of any class. It is never more than a name and what would have made the object: no class is looked up and nothing is called.
/// </summary>
/// <param name="maker">The class or function: a <see cref="PickleGlobal"/>, or another object where something that was made is called.</param>
/// <param name="arguments">What it would have been called with.</param>
internal sealed class PickleObject(object maker, object? arguments)
{
    public object Maker { get; } = maker;

    public object? Arguments { get; } = arguments;

    /// <summary>Attributes, most often a dictionary; null until the pickle has given them.</summary>
    public object? State { get; set; }

    /// <summary>Items of an object that is a list too.</summary>
    public List<object?>? Items { get; set; }

    /// <summary>Entries of an object that is a dictionary too.</summary>
    public PickleDict? Entries { get; set; }

    /// <summary>Module and name of the class, for messages.</summary>
    public string ClassName
    {
        get
        {
            var maker = Maker;
            while (maker is PickleObject inner)
            {
                maker = inner.Maker;
            }

            return ((PickleGlobal)maker).FullName;
        }
    }
}

/// <summary>What a name in a pickle stands for here. No name stands for code.</summary>
internal enum PickleGlobalKind
{
    /// <summary>Any other name: what it makes is a <see cref="PickleObject"/>.</summary>
    Other,
    Dictionary,
    Sequence,
    RebuildTensor,
    RebuildTypedTensor,
    RebuildParameter,
    RebuildSubclass,
    Storage,
    ElementType,
    Size,
    TypedList,
    TaggedValue,
    ScriptClass,
}

/// <summary>A name that a pickle holds.</summary>
/// <param name="Module">Its module.</param>
/// <param name="Name">Its name there.</param>
/// <param name="Kind">What it stands for.</param>
/// <param name="ElementType">Of a storage or an element type: the type by safetensors' name; null where there is no such type.</param>
internal sealed record PickleGlobal(string Module, string Name, PickleGlobalKind Kind, string? ElementType = null)
{
    public string FullName => $"{Module}.{Name}";
}

/// <summary>A block of elements that tensors are views of.</summary>
/// <param name="Kind">Name of its class.</param>
/// <param name="Type">Type of the elements by safetensors' name; null for one that safetensors lacks.</param>
/// <param name="Key">Name of the record that holds them.</param>
/// <param name="Count">Elements.</param>
internal sealed record TorchStorage(PickleGlobal Kind, string? Type, string Key, long Count);

/// <summary>A view of a storage that lies within it and has no more elements than it; or one that cannot be read, with the reason.</summary>
/// <param name="Storage">The elements; their type is known.</param>
/// <param name="Offset">First element.</param>
/// <param name="Shape">Sizes.</param>
/// <param name="Strides">Elements from one index to the next in each dimension.</param>
internal sealed record TorchTensor(TorchStorage Storage, long Offset, long[] Shape, long[] Strides)
{
    /// <summary>Why it cannot be read, a clause; null if it can. It matters only where the tensor is wanted.</summary>
    public string? Problem { get; private init; }

    public string Type => Storage.Type!;

    public static TorchTensor Unreadable(string problem) => new(null!, 0, [], []) { Problem = problem };
}
