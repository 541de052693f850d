using System.Buffers.Binary;
using System.Text;

namespace Flip.Tests.Conversion.Containers;

/// <summary>A tensor as a pickle refers to it.</summary>
internal sealed record PickledTensor(
    string StorageType, string Key, long Count, long Offset, long[] Shape, long[] Strides, bool IsParameter = false, object? Metadata = null);

/// <summary>A call of any name: how Python pickles most objects.</summary>
internal sealed record PickledCall(string Module, string Name, object?[] Arguments);

/// <summary>A module of a TorchScript archive, or another object with attributes.</summary>
internal sealed record PickledModule(string Class, Dictionary<object, object?> Attributes);

/// <summary>
/// Writes pickles with the opcodes that torch.save and TorchScript's C++ pickler write, and single opcodes for the hostile cases.
/// Values: null, bool, int, long, double, string, Dictionary, List, object?[] (tuple) and the records above.
/// </summary>
internal sealed class PickleWriter
{
    private readonly List<byte> _bytes = [];
    private readonly Dictionary<string, int> _memo = [];

    public PickleWriter(byte protocol = 2)
    {
        Op(0x80, protocol);
    }

    public static byte[] Write(object? value) => new PickleWriter().Value(value).Stop();

    public PickleWriter Op(params byte[] bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public byte[] Stop() => Op((byte)'.')._bytes.ToArray();

    public PickleWriter Global(string module, string name)
    {
        // Names are remembered, as both writers do.
        if (_memo.TryGetValue($"{module} {name}", out var index))
        {
            return Op((byte)'h', (byte)index);
        }

        _memo.Add($"{module} {name}", _memo.Count);
        return Op((byte)'c').Op(Encoding.UTF8.GetBytes($"{module}\n{name}\n")).Op((byte)'q', (byte)(_memo.Count - 1));
    }

    public PickleWriter Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return Op((byte)'X').Op(BitConverter.GetBytes(bytes.Length)).Op(bytes);
    }

    public PickleWriter Number(long number) => number switch
    {
        >= 0 and < 256 => Op((byte)'K', (byte)number),
        >= 0 and < 65536 => Op((byte)'M').Op(BitConverter.GetBytes((ushort)number)),
        >= int.MinValue and <= int.MaxValue => Op((byte)'J').Op(BitConverter.GetBytes((int)number)),
        _ => Op(0x8a, 8).Op(BitConverter.GetBytes(number)),
    };

    public PickleWriter Tuple(params object?[] items)
    {
        Op((byte)'(');
        Array.ForEach(items, item => Value(item));
        return Op((byte)'t');
    }

    public PickleWriter Value(object? value) => value switch
    {
        null => Op((byte)'N'),
        bool flag => Op(flag ? (byte)0x88 : (byte)0x89),
        int number => Number(number),
        long number => Number(number),
        double number => Double(number),
        string text => Text(text),
        Dictionary<object, object?> dict => Op((byte)'}').Items(dict),
        List<object?> list => List(list),
        object?[] tuple => Tuple(tuple),
        PickledTensor { IsParameter: true } tensor => Parameter(tensor),
        PickledTensor tensor => Tensor(tensor),
        PickledModule module => Module(module),
        PickledCall call => Global(call.Module, call.Name).Tuple(call.Arguments).Op((byte)'R'),
        _ => throw new ArgumentException($"no pickle for {value.GetType()}"),
    };

    public PickleWriter Tensor(PickledTensor tensor)
    {
        Global("torch._utils", "_rebuild_tensor_v2").Op((byte)'(');
        Op((byte)'(').Text("storage").Global("torch", tensor.StorageType).Text(tensor.Key).Text("cpu").Number(tensor.Count).Op((byte)'t', (byte)'Q');
        Number(tensor.Offset).Tuple([.. tensor.Shape]).Tuple([.. tensor.Strides]).Value(false);
        Global("collections", "OrderedDict").Op((byte)')', (byte)'R');
        if (tensor.Metadata is not null)
        {
            Value(tensor.Metadata);
        }

        return Op((byte)'t', (byte)'R');
    }

    private PickleWriter Items(Dictionary<object, object?> dict)
    {
        Op((byte)'(');
        foreach (var (key, item) in dict)
        {
            Value(key).Value(item);
        }

        return Op((byte)'u');
    }

    private PickleWriter List(List<object?> list)
    {
        Op((byte)']', (byte)'(');
        list.ForEach(item => Value(item));
        return Op((byte)'e');
    }

    private PickleWriter Double(double number)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteDoubleBigEndian(bytes, number);
        return Op((byte)'G').Op(bytes);
    }

    private PickleWriter Parameter(PickledTensor tensor) =>
        Global("torch._utils", "_rebuild_parameter").Op((byte)'(').Tensor(tensor).Value(true)
            .Global("collections", "OrderedDict").Op((byte)')', (byte)'R', (byte)'t', (byte)'R');

    /// <summary>As TorchScript writes an object: the class, an empty tuple, NEWOBJ, its attributes, BUILD.</summary>
    private PickleWriter Module(PickledModule module)
    {
        var dot = module.Class.LastIndexOf('.');
        return Global(module.Class[..dot], module.Class[(dot + 1)..]).Op((byte)')', 0x81).Value(module.Attributes).Op((byte)'b');
    }
}
