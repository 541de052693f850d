using System.Collections.Frozen;
using Flip.Storage;

namespace Flip.Conversion.Containers;

/// <summary>
/// What becomes of the names in a pickle and of calls of them. Names by which PyTorch makes tensors and Python its containers have a meaning,
/// TorchScript's classes are bags of attributes, and whatever else trainers store becomes an inert object. No name ever leads to code; names
/// that run programs are refused all the same, since such a file attacks whoever opens it elsewhere.
/// </summary>
/// <param name="path">The file, for messages.</param>
internal sealed class TorchGlobals(string path)
{
    /// <summary>Joined names are compared and shown; an honest one is far shorter.</summary>
    private const int MaxNameLength = 512;

    private static readonly (string Torch, string Dtypes, string? Type)[] ElementTypes =
    [
        ("Double", "float64 double", "F64"), ("Float", "float32 float", "F32"), ("Half", "float16 half", "F16"), ("BFloat16", "bfloat16", "BF16"),
        ("Long", "int64 long", "I64"), ("Int", "int32 int", "I32"), ("Short", "int16 short", "I16"), ("Char", "int8", "I8"),
        ("Byte", "uint8", "U8"), ("Bool", "bool", "BOOL"), ("ComplexFloat", "complex64 cfloat", "C64"),
    ];

    private static readonly (string Dtype, string Type)[] NewElementTypes =
    [
        ("uint16", "U16"), ("uint32", "U32"), ("uint64", "U64"), ("float8_e4m3fn", "F8_E4M3"), ("float8_e5m2", "F8_E5M2"), ("float8_e8m0fnu", "F8_E8M0"),
    ];

    private static readonly FrozenDictionary<(string Module, string Name), PickleGlobal> Known = All().ToFrozenDictionary(known => (known.Module, known.Name));

    /// <summary>Modules that start programs or load code.</summary>
    private static readonly FrozenSet<string> Programs = new[]
    {
        "os", "posix", "nt", "subprocess", "commands", "sys", "socket", "shutil", "importlib", "runpy", "pty", "ctypes", "webbrowser", "marshal",
        "pickle", "_pickle", "cPickle", "pip", "requests", "urllib.request", "httplib", "torch.hub",
    }.ToFrozenSet();

    private static readonly FrozenSet<string> Evaluators =
        new[] { "eval", "exec", "execfile", "compile", "open", "file", "input", "__import__", "breakpoint", "globals" }.ToFrozenSet();

    /// <exception cref="CheckpointFormatException">The name runs programs, or is none.</exception>
    public PickleGlobal Find(string module, string name)
    {
        if (module.Length + name.Length > MaxNameLength)
        {
            throw Wrong($"the pickle has a name of {module.Length + name.Length} characters");
        }

        if (Programs.Contains(module) || (module is "builtins" or "__builtin__" && Evaluators.Contains(name)))
        {
            throw Wrong($"the pickle names '{module}.{name}', which runs programs or code and which no weights need: it is made to harm whoever "
                + "loads it in Python, and is not read");
        }

        return Known.TryGetValue((module, name), out var known) ? known : new PickleGlobal(
            module,
            name,
            module == "__torch__" || module.StartsWith("__torch__.", StringComparison.Ordinal) ? PickleGlobalKind.ScriptClass : PickleGlobalKind.Other);
    }

    /// <summary>The value that a call with these arguments stands for.</summary>
    public object? Call(PickleGlobal function, object?[] arguments) => (function.Kind, arguments) switch
    {
        (PickleGlobalKind.Dictionary, [PickleDict items]) => items,
        (PickleGlobalKind.Dictionary, [] or [null or PickleGlobal or PickleObject]) => new PickleDict(), // a defaultdict has what makes its values
        (PickleGlobalKind.Sequence, [] or [object?[] and [], ..]) => new List<object?>(),
        (PickleGlobalKind.Sequence, [List<object?> or object?[], ..]) => arguments[0], // not copied: a few bytes can name a long list many times
        (PickleGlobalKind.RebuildTensor, [TorchStorage storage, long offset, object?[] shape, object?[] strides, .. { Length: <= 3 } rest]) =>
            Tensor(storage, offset, shape, strides, rest),
        (PickleGlobalKind.RebuildTypedTensor, [TorchStorage storage, long offset, object?[] shape, object?[] strides, _, _, PickleGlobal type, .. var rest]) =>
            Tensor(Typed(storage, type), offset, shape, strides, [null, null, .. rest]),
        (PickleGlobalKind.RebuildTensor or PickleGlobalKind.RebuildTypedTensor, _) =>
            throw Wrong($"the pickle calls '{function.FullName}' with arguments that it does not take"),
        (PickleGlobalKind.RebuildParameter, [TorchTensor or PickleObject, ..]) => arguments[0],
        (PickleGlobalKind.RebuildSubclass, [PickleGlobal { Kind: PickleGlobalKind.RebuildTensor or PickleGlobalKind.RebuildTypedTensor or PickleGlobalKind.RebuildParameter } inner, _, object?[] given, ..]) =>
            Call(inner, given),
        (PickleGlobalKind.RebuildSubclass, [_, PickleGlobal type, ..]) => new PickleObject(type, arguments),
        (PickleGlobalKind.Size, [object?[] sizes]) => sizes,
        (PickleGlobalKind.TypedList, [List<object?> list]) => list,
        (PickleGlobalKind.TaggedValue, [var value, string]) => value,
        _ => new PickleObject(function, arguments),
    };

    /// <summary>An object of a class.</summary>
    public static object Create(PickleGlobal type, object?[] arguments) => (type.Kind, arguments) switch
    {
        (PickleGlobalKind.Dictionary, []) => new PickleDict(),
        (PickleGlobalKind.Sequence, []) => new List<object?>(),
        _ => new PickleObject(type, arguments),
    };

    /// <summary>What an identifier names outside the pickle: a storage, or the class of a module that was saved with its source (before 1.6).</summary>
    public object Persistent(object? identifier) => identifier switch
    {
        object?[] and ["storage", PickleGlobal kind, string key, string, long count, .. [] or [null]] =>
            new TorchStorage(kind, kind.Kind == PickleGlobalKind.Storage ? kind.ElementType : null, key, count),
        object?[] and ["module", PickleGlobal type, ..] => type,
        _ => throw Wrong("the pickle refers to something outside itself that is no storage"),
    };

    private static IEnumerable<PickleGlobal> All()
    {
        IEnumerable<(string Names, PickleGlobalKind Kind)> kinds =
        [
            ("collections.OrderedDict collections.defaultdict collections.Counter builtins.dict __builtin__.dict", PickleGlobalKind.Dictionary),
            ("builtins.set __builtin__.set builtins.frozenset __builtin__.frozenset builtins.list __builtin__.list collections.deque", PickleGlobalKind.Sequence),
            ("torch._utils._rebuild_tensor torch._utils._rebuild_tensor_v2", PickleGlobalKind.RebuildTensor),
            ("torch._utils._rebuild_tensor_v3", PickleGlobalKind.RebuildTypedTensor),
            ("torch._utils._rebuild_parameter torch._utils._rebuild_parameter_with_state", PickleGlobalKind.RebuildParameter),
            ("torch._tensor._rebuild_from_type torch._tensor._rebuild_from_type_v2", PickleGlobalKind.RebuildSubclass),
            ("torch.Size", PickleGlobalKind.Size),
            ("torch.jit._pickle.restore_type_tag", PickleGlobalKind.TaggedValue),
            ("torch.jit._pickle.build_intlist torch.jit._pickle.build_tensorlist torch.jit._pickle.build_doublelist torch.jit._pickle.build_boollist", PickleGlobalKind.TypedList),
        ];
        foreach (var (names, kind) in kinds)
        {
            foreach (var name in names.Split(' '))
            {
                yield return Of(name, kind, null);
            }
        }

        foreach (var (torch, dtypes, type) in ElementTypes)
        {
            yield return Of($"torch.{torch}Storage", PickleGlobalKind.Storage, type);
            foreach (var dtype in dtypes.Split(' '))
            {
                yield return Of($"torch.{dtype}", PickleGlobalKind.ElementType, type);
            }
        }

        foreach (var (dtype, type) in NewElementTypes)
        {
            yield return Of($"torch.{dtype}", PickleGlobalKind.ElementType, type);
        }

        foreach (var untyped in new[] { "torch.storage.UntypedStorage", "torch.UntypedStorage", "torch.storage._UntypedStorage" })
        {
            yield return Of(untyped, PickleGlobalKind.Storage, "U8"); // its count is in bytes
        }
    }

    private static PickleGlobal Of(string whole, PickleGlobalKind kind, string? type) =>
        new(whole[..whole.LastIndexOf('.')], whole[(whole.LastIndexOf('.') + 1)..], kind, type);

    private static TorchStorage Typed(TorchStorage bytes, PickleGlobal type) => SafetensorsTypes.SizeOf(type.ElementType ?? "") is { } size
        ? new(type, type.ElementType, bytes.Key, bytes.Count / size)
        : new(type, null, bytes.Key, bytes.Count);

    /// <summary>A tensor, or one that cannot be read: what is wrong with it matters only if it is wanted.</summary>
    /// <param name="storage">The elements.</param>
    /// <param name="offset">The first.</param>
    /// <param name="sizes">The shape.</param>
    /// <param name="steps">The strides.</param>
    /// <param name="rest">Whether it needs a gradient, its hooks, its marks.</param>
    private static TorchTensor Tensor(TorchStorage storage, long offset, object?[] sizes, object?[] steps, object?[] rest)
    {
        if (storage.Type is null)
        {
            return TorchTensor.Unreadable($"its numbers are of '{storage.Kind.FullName}', which is not read; save it as fp32, fp16 or bf16");
        }

        // Marks of conjugated and negated tensors, whose stored numbers are not their values.
        if (rest is [_, _, PickleDict { Items.Count: > 0 }])
        {
            return TorchTensor.Unreadable("it has marks such as 'neg' or 'conj'");
        }

        if (sizes.Length > StridedLayout.MaxRank || sizes.Length != steps.Length || Numbers(sizes) is not { } shape || Numbers(steps) is not { } strides)
        {
            return TorchTensor.Unreadable("its sizes and strides are not those of a tensor");
        }

        if (offset < 0 || StridedLayout.Bytes(shape, 1) is not { } count)
        {
            return Impossible();
        }

        // A view that repeats elements could ask for any amount of memory.
        if (count > storage.Count)
        {
            return TorchTensor.Unreadable(
                $"it repeats numbers: shape [{string.Join(", ", shape)}] in storage '{storage.Key}', which has only {storage.Count} elements; save it contiguous");
        }

        return count == 0 || (StridedLayout.Stretch(shape, strides) is { } stretch && stretch <= storage.Count - offset)
            ? new TorchTensor(storage, offset, shape, strides)
            : Impossible();

        TorchTensor Impossible() => TorchTensor.Unreadable($"shape [{string.Join(", ", shape)}], strides [{string.Join(", ", strides)}] and offset {offset} "
            + $"do not lie within storage '{storage.Key}' of {storage.Count} elements");
    }

    private static long[]? Numbers(object?[] values) => values.All(value => value is long) ? Array.ConvertAll(values, value => (long)value!) : null;

    private CheckpointFormatException Wrong(string problem) => new(path, null, problem);
}
