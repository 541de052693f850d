using System.Collections.Frozen;
using Flip.Io;

namespace Flip.Conversion.Containers;

/// <summary>
/// The names that a state dict's pickle holds, and what becomes of a call of one: a value of <see cref="PickleValues"/>'s kinds.
/// The list is the state-dict part of PyTorch's own weights-only loader, and the classes of TorchScript as bags of attributes.
/// </summary>
/// <param name="path">The file, for messages.</param>
internal sealed class TorchGlobals(string path)
{
    private static readonly (string Torch, string Dtypes, string Type)[] ElementTypes =
    [
        ("Double", "float64 double", "F64"), ("Float", "float32 float", "F32"), ("Half", "float16 half", "F16"), ("BFloat16", "bfloat16", "BF16"),
        ("Long", "int64 long", "I64"), ("Int", "int32 int", "I32"), ("Short", "int16 short", "I16"), ("Char", "int8", "I8"),
        ("Byte", "uint8", "U8"), ("Bool", "bool", "BOOL"),
    ];

    private static readonly FrozenDictionary<string, PickleGlobal> Known = All().ToFrozenDictionary(known => known.Name);

    /// <exception cref="CheckpointFormatException">The name is not on the list.</exception>
    public PickleGlobal Find(string module, string name)
    {
        var whole = $"{module}.{name}";
        if (Known.TryGetValue(whole, out var known))
        {
            return known;
        }

        return module == "__torch__" || module.StartsWith("__torch__.", StringComparison.Ordinal)
            ? new PickleGlobal(whole, PickleGlobalKind.ScriptClass)
            : throw Wrong($"the pickle names '{whole}', which is no part of a state dict, and nothing but tensors is read here; "
                + "load the file where it was written and save its state dict alone");
    }

    /// <summary>The value that a call with these arguments stands for.</summary>
    public object? Call(PickleGlobal function, object?[] arguments) => (function.Kind, arguments) switch
    {
        (PickleGlobalKind.OrderedDict, []) => new PickleDict(),
        (PickleGlobalKind.RebuildTensor, [TorchStorage storage, long offset, object?[] shape, object?[] strides, bool, PickleDict, .. var rest])
            when rest is [] or [PickleDict] => Tensor(storage, offset, shape, strides, rest is [PickleDict metadata] ? metadata : null),
        (PickleGlobalKind.RebuildParameter, [TorchTensor tensor, bool, PickleDict]) => tensor,
        (PickleGlobalKind.Size, [object?[] sizes]) => sizes,
        (PickleGlobalKind.Device, [string device]) => device,
        (PickleGlobalKind.TypedList, [List<object?> list]) => list,
        (PickleGlobalKind.TaggedValue, [var value, string]) => value,
        _ => throw Wrong($"the pickle calls '{function.Name}' with arguments that it does not take"),
    };

    /// <summary>An object of a class; only TorchScript's classes have any.</summary>
    public ScriptObject Create(PickleGlobal type, object?[] arguments) => (type.Kind, arguments) switch
    {
        (PickleGlobalKind.ScriptClass, []) => new ScriptObject(type.Name),
        _ => throw Wrong($"the pickle makes an object of '{type.Name}'"),
    };

    /// <summary>The storage that a persistent identifier names.</summary>
    public TorchStorage Storage(object? identifier) =>
        identifier is object?[]
            and ["storage", PickleGlobal { Kind: PickleGlobalKind.Storage } type, string key, string, long and >= 0 and var count]
            ? new TorchStorage(type.ElementType!, key, count)
            : throw Wrong("the pickle refers to something outside itself that is no storage");

    private static IEnumerable<PickleGlobal> All()
    {
        yield return new("collections.OrderedDict", PickleGlobalKind.OrderedDict);
        yield return new("torch._utils._rebuild_tensor_v2", PickleGlobalKind.RebuildTensor);
        yield return new("torch._utils._rebuild_parameter", PickleGlobalKind.RebuildParameter);
        yield return new("torch.Size", PickleGlobalKind.Size);
        yield return new("torch.device", PickleGlobalKind.Device);
        yield return new("torch.jit._pickle.restore_type_tag", PickleGlobalKind.TaggedValue);
        foreach (var list in new[] { "build_intlist", "build_tensorlist", "build_doublelist", "build_boollist" })
        {
            yield return new($"torch.jit._pickle.{list}", PickleGlobalKind.TypedList);
        }

        foreach (var (torch, dtypes, type) in ElementTypes)
        {
            yield return new($"torch.{torch}Storage", PickleGlobalKind.Storage, type);
            foreach (var dtype in dtypes.Split(' '))
            {
                yield return new($"torch.{dtype}", PickleGlobalKind.ElementType);
            }
        }
    }

    private TorchTensor Tensor(TorchStorage storage, long offset, object?[] sizes, object?[] steps, PickleDict? metadata)
    {
        // Marks of conjugated and negated tensors, whose stored numbers are not their values.
        if (metadata is not null && metadata.Items.Any())
        {
            throw Wrong("a tensor with marks such as 'neg' or 'conj'");
        }

        var (shape, strides) = (Numbers(sizes), Numbers(steps));
        if (shape.Length != strides.Length || offset < 0 || StridedLayout.Bytes(shape, 1) is not { } count)
        {
            throw Impossible();
        }

        // A view that repeats elements could ask for any amount of memory.
        if (count > storage.Count)
        {
            throw Wrong($"a tensor of shape [{string.Join(", ", shape)}] in storage '{storage.Key}', which has only {storage.Count} elements");
        }

        return count == 0 || (StridedLayout.Stretch(shape, strides) is { } stretch && stretch <= storage.Count - offset)
            ? new TorchTensor(storage, offset, shape, strides)
            : throw Impossible();

        CheckpointFormatException Impossible() => Wrong($"a tensor of shape [{string.Join(", ", shape)}], strides [{string.Join(", ", strides)}] "
            + $"and offset {offset} does not lie within storage '{storage.Key}' of {storage.Count} elements");
    }

    private long[] Numbers(object?[] values) => Array.ConvertAll(
        values, value => value as long? ?? throw Wrong("a tensor whose sizes or strides are no whole numbers"));

    private CheckpointFormatException Wrong(string problem) => new(path, null, problem);
}
