using System.Buffers.Binary;
using System.Text;
using Flip.Io;

namespace Flip.Conversion.Containers;

/// <summary>
/// The part of Python's pickle machine that state dicts use: values, containers, the memo, and names that
/// <see cref="TorchGlobals"/> knows. Anything else is refused, nothing is executed. It holds a bounded number of bytes of values for each
/// byte of the pickle, and does not recurse. Written here because .NET has no such reader; the opcodes are
/// described in CPython's pickletools.
/// </summary>
internal sealed class PickleMachine
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly string _path;
    private readonly byte[] _pickle;
    private readonly TorchGlobals _globals;
    private readonly List<object?> _stack = [];
    private readonly Stack<int> _marks = [];
    private readonly Dictionary<uint, object?> _memo = [];
    private int _position;

    private PickleMachine(string path, byte[] pickle)
    {
        _path = path;
        _pickle = pickle;
        _globals = new TorchGlobals(path);
    }

    /// <summary>The value of a pickle: null, bool, long, double, string, object?[] (tuple), List, or one of the kinds in PickleValues.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="pickle">The whole pickle.</param>
    /// <exception cref="CheckpointFormatException">It is damaged, or needs more than a state dict does.</exception>
    public static object? Load(string path, byte[] pickle)
    {
        var machine = new PickleMachine(path, pickle);
        while (machine.Take(1)[0] is var code && code != '.')
        {
            if (!machine.Value(code) && !machine.Memo(code) && !machine.Container(code) && !machine.Object(code))
            {
                throw machine.Wrong($"opcode 0x{code:x2}, which no state dict needs");
            }
        }

        return machine._stack is [var value] && machine._marks.Count == 0 ? value : throw machine.Wrong("it ends with values left over");
    }

    private bool Value(byte code)
    {
        switch (code)
        {
            case (byte)'N':
                return Push(null);
            case 0x88:
            case 0x89:
                return Push(code == 0x88);
            case (byte)'J':
                return Push((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4)));
            case (byte)'K':
                return Push((long)Take(1)[0]);
            case (byte)'M':
                return Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)));
            case 0x8a:
                return Push(Long(Take(Take(1)[0])));
            case (byte)'G':
                return Push(BinaryPrimitives.ReadDoubleBigEndian(Take(8)));
            case (byte)'X':
                return Push(Text(Take(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)))));
            case 0x8c:
                return Push(Text(Take(Take(1)[0])));
            default:
                return false;
        }
    }

    private bool Memo(byte code)
    {
        switch (code)
        {
            case (byte)'q':
                return Put(Take(1)[0]);
            case (byte)'r':
                return Put(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)));
            case 0x94:
                return Put((uint)_memo.Count);
            case (byte)'h':
                return Push(Get(Take(1)[0]));
            case (byte)'j':
                return Push(Get(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))));
            default:
                return false;
        }
    }

    private bool Container(byte code)
    {
        switch (code)
        {
            case (byte)'(':
                _marks.Push(_stack.Count);
                return true;
            case (byte)'}':
                return Push(new PickleDict());
            case (byte)']':
                return Push(new List<object?>());
            case (byte)')':
                return Push(Array.Empty<object?>());
            case >= 0x85 and <= 0x87:
                return Push(PopMany(code - 0x84));
            case (byte)'t':
                return Push(PopToMark());
            case (byte)'a':
                return Append(PopMany(1));
            case (byte)'e':
                return Append(PopToMark());
            case (byte)'s':
                return SetItems(PopMany(2));
            case (byte)'u':
                return SetItems(PopToMark());
            default:
                return false;
        }
    }

    private bool Object(byte code)
    {
        switch (code)
        {
            case 0x80:
                return Take(1)[0] is >= 2 and <= 4 ? true : throw Wrong("a protocol other than 2, 3 and 4");
            case 0x95:
                // A frame only says how much to read ahead.
                return Take(8).Length > 0;
            case (byte)'c':
                return Push(_globals.Find(Line(), Line()));
            case 0x93:
                return PopMany(2) is [string module, string name] ? Push(_globals.Find(module, name)) : throw Wrong("a name that is no text");
            case (byte)'Q':
                return Push(_globals.Storage(PopMany(1)[0]));
            case (byte)'R':
                return PopMany(2) is [PickleGlobal function, object?[] arguments] ? Push(_globals.Call(function, arguments)) : throw NoCall();
            case 0x81:
                return PopMany(2) is [PickleGlobal type, object?[] given] ? Push(_globals.Create(type, given)) : throw NoCall();
            case (byte)'b':
                return Build(PopMany(1)[0]);
            default:
                return false;
        }
    }

    private bool Build(object? state)
    {
        switch (_stack.Count > Floor ? _stack[^1] : null, state)
        {
            case (ScriptObject { Attributes: null } target, PickleDict attributes):
                target.Attributes = attributes;
                return true;
            case (PickleDict, PickleDict):
                // A state dict carries version numbers of its modules as an attribute (_metadata).
                return true;
            case (ScriptObject target, _):
                throw Wrong($"an object of '{target.ClassName}' whose state is no dictionary of attributes");
            default:
                throw Wrong("attributes for something that has none");
        }
    }

    private bool Append(object?[] items)
    {
        if (_stack.Count == Floor || _stack[^1] is not List<object?> list)
        {
            throw Wrong("items for something that is no list");
        }

        list.AddRange(items);
        return true;
    }

    private bool SetItems(object?[] items)
    {
        if (_stack.Count == Floor || _stack[^1] is not PickleDict dict || items.Length % 2 != 0)
        {
            throw Wrong("keys and values for something that is no dictionary");
        }

        for (var i = 0; i < items.Length; i += 2)
        {
            var key = items[i] as string ?? items[i] as long? as object ?? throw Wrong("a key that is neither text nor a whole number");
            if (!dict.TryAdd(key, items[i + 1]))
            {
                throw Wrong($"the key '{key}' is there twice");
            }
        }

        return true;
    }

    /// <summary>Values below the last mark are not to be touched.</summary>
    private int Floor => _marks.TryPeek(out var mark) ? mark : 0;

    private bool Push(object? value)
    {
        _stack.Add(value);
        return true;
    }

    private bool Put(uint index)
    {
        _memo[index] = _stack.Count > Floor ? _stack[^1] : throw Wrong("nothing to remember");
        return true;
    }

    private object? Get(uint index) => _memo.TryGetValue(index, out var value) ? value : throw Wrong($"value {index} was never remembered");

    private object?[] PopMany(int count) => _stack.Count - Floor >= count ? PopFrom(_stack.Count - count) : throw Wrong("too few values");

    private object?[] PopToMark() => _marks.TryPop(out var mark) ? PopFrom(mark) : throw Wrong("a mark is missing");

    private object?[] PopFrom(int start)
    {
        var values = new object?[_stack.Count - start];
        _stack.CopyTo(start, values, 0, values.Length);
        _stack.RemoveRange(start, values.Length);
        return values;
    }

    private long Long(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > 8)
        {
            throw Wrong("a whole number of more than 64 bits");
        }

        Span<byte> whole = stackalloc byte[8];
        whole.Fill(bytes.Length > 0 && bytes[^1] >= 0x80 ? (byte)0xff : (byte)0);
        bytes.CopyTo(whole);
        return BinaryPrimitives.ReadInt64LittleEndian(whole);
    }

    private string Line()
    {
        var length = _pickle.AsSpan(_position).IndexOf((byte)'\n');
        var text = Text(Take(length < 0 ? uint.MaxValue : (uint)length));
        _position++;
        return text;
    }

    private string Text(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw new CheckpointFormatException(_path, null, $"the pickle, byte {_position}: text that is no UTF-8", e);
        }
    }

    private ReadOnlySpan<byte> Take(uint count)
    {
        if (count > _pickle.Length - _position)
        {
            throw Wrong("it ends too early");
        }

        _position += (int)count;
        return _pickle.AsSpan(_position - (int)count, (int)count);
    }

    private CheckpointFormatException NoCall() => Wrong("a call of something that is no name");

    private CheckpointFormatException Wrong(string problem) => new(_path, null, $"the pickle, byte {_position}: {problem}");
}
