using Flip.Storage;

namespace Flip.Conversion.Containers;

/// <summary>
/// The part of Python's pickle machine that <c>torch.save</c> uses, protocols 2 to 5: values, containers, the memo and names. Nothing is
/// executed, whatever a name says: what PyTorch's tensors are made by becomes a description of a tensor, anything else an inert
/// <see cref="PickleObject"/>. It holds a bounded number of bytes of values for each byte of the pickle, and does not recurse. Written here for
/// the allow-list of names and the bound of memory, which the reader on NuGet (Razorvine.Pickle) is not made for. The opcodes are described in CPython's
/// pickletools.
/// </summary>
internal sealed class PickleMachine
{
    private readonly PickleBytes _bytes;
    private readonly TorchGlobals _globals;
    private readonly List<object?> _stack = [];
    private readonly Stack<int> _marks = [];
    private readonly Dictionary<uint, object?> _memo = [];
    private readonly Dictionary<string, TorchStorage>? _storages;

    private PickleMachine(PickleBytes bytes, Dictionary<string, TorchStorage>? storages)
    {
        (_bytes, _storages) = (bytes, storages);
        _globals = new TorchGlobals(bytes.Path);
    }

    /// <summary>
    /// The value of the next pickle: null, bool, long, double, string, object?[] (tuple), List (also of a set), or one of the kinds in
    /// PickleValues.
    /// </summary>
    /// <param name="bytes">They are left behind the pickle.</param>
    /// <param name="storages">Receives the storages that the pickle names, by key.</param>
    /// <exception cref="CheckpointFormatException">It is damaged, or names what runs programs.</exception>
    public static object? Load(PickleBytes bytes, Dictionary<string, TorchStorage>? storages = null)
    {
        var machine = new PickleMachine(bytes, storages);
        while (bytes.Byte() is var code && code != '.')
        {
            if (bytes.TryValue(code, out var value))
            {
                machine.Push(value);
            }
            else if (!machine.Memo(code) && !machine.Stack(code) && !machine.Container(code) && !machine.Object(code))
            {
                throw bytes.Wrong($"opcode 0x{code:x2}, which no file of weights needs");
            }
        }

        return machine._stack is [var result] && machine._marks.Count == 0 ? result : throw bytes.Wrong("it ends with values left over");
    }

    private bool Memo(byte code)
    {
        switch (code)
        {
            case (byte)'q':
                return Put(_bytes.Byte());
            case (byte)'r':
                return Put(_bytes.UInt32());
            case 0x94:
                return Put((uint)_memo.Count);
            case (byte)'h':
                return Push(Get(_bytes.Byte()));
            case (byte)'j':
                return Push(Get(_bytes.UInt32()));
            default:
                return false;
        }
    }

    private bool Stack(byte code)
    {
        switch (code)
        {
            case (byte)'(':
                _marks.Push(_stack.Count);
                return true;
            case (byte)'0' when _stack.Count > Floor:
                _stack.RemoveAt(_stack.Count - 1);
                return true;
            case (byte)'0':
                return _marks.TryPop(out _) ? true : throw _bytes.Wrong("too few values");
            case (byte)'1':
                var mark = _marks.TryPop(out var start) ? start : throw _bytes.Wrong("a mark is missing");
                _stack.RemoveRange(mark, _stack.Count - mark);
                return true;
            case (byte)'2':
                return Push(Top("nothing to repeat"));
            default:
                return false;
        }
    }

    private bool Container(byte code)
    {
        switch (code)
        {
            case (byte)'}':
                return Push(new PickleDict());
            case (byte)'d':
                var items = PopToMark();
                return Push(new PickleDict()) && SetItems(items);
            case (byte)']' or 0x8f:
                return Push(new List<object?>());
            case (byte)'l':
                return Push(new List<object?>(PopToMark()));
            case (byte)')':
                return Push(Array.Empty<object?>());
            case >= 0x85 and <= 0x87:
                return Push(PopMany(code - 0x84));
            case (byte)'t' or 0x91:
                return Push(PopToMark());
            case (byte)'a':
                return Append(PopMany(1));
            case (byte)'e' or 0x90:
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
                return _bytes.Byte() is >= 2 and <= 5 ? true : throw _bytes.Wrong("a protocol other than 2 to 5");
            case 0x95:
                // A frame only says how much to read ahead.
                return _bytes.Take(8).Length > 0;
            case (byte)'c':
                return Push(_globals.Find(_bytes.Line(), _bytes.Line()));
            case 0x93:
                return PopMany(2) is [string module, string name] ? Push(_globals.Find(module, name)) : throw _bytes.Wrong("a name that is no text");
            case (byte)'Q':
                return Push(Persistent(PopMany(1)[0]));
            case (byte)'R':
                return PopMany(2) is [var function, object?[] arguments] ? Push(Called(function, arguments)) : throw NoCall();
            case 0x81:
                return PopMany(2) is [PickleGlobal type, object?[] given] ? Push(TorchGlobals.Create(type, given)) : throw NoCall();
            case 0x92:
                return PopMany(3) is [PickleGlobal named, object?[] placed, PickleDict _] ? Push(TorchGlobals.Create(named, placed)) : throw NoCall();
            case (byte)'b':
                return Build(PopMany(1)[0]);
            default:
                return false;
        }
    }

    private object Persistent(object? identifier)
    {
        var value = _globals.Persistent(identifier);
        if (value is TorchStorage storage)
        {
            _storages?.TryAdd(storage.Key, storage);
        }

        return value;
    }

    private object? Called(object? function, object?[] arguments) => function switch
    {
        PickleGlobal known => _globals.Call(known, arguments),
        PickleObject made => new PickleObject(made, arguments),
        _ => throw NoCall(),
    };

    private bool Build(object? state)
    {
        switch (Top("attributes for nothing"))
        {
            case PickleObject target:
                target.State = state;
                return true;
            case PickleDict or List<object?> or object?[] or TorchTensor:
                // A state dict carries version numbers of its modules as an attribute (_metadata), a parameter whatever its owner put there.
                return true;
            default:
                throw _bytes.Wrong("attributes for something that has none");
        }
    }

    private bool Append(object?[] items)
    {
        switch (Top("items for nothing"))
        {
            case List<object?> list:
                list.AddRange(items);
                return true;
            case PickleObject target:
                (target.Items ??= []).AddRange(items);
                return true;
            default:
                throw _bytes.Wrong("items for something that is no list");
        }
    }

    private bool SetItems(object?[] items)
    {
        var top = Top("keys and values for nothing");
        var dict = top as PickleDict ?? (top is PickleObject target ? target.Entries ??= new() : null);
        if (dict is null || items.Length % 2 != 0)
        {
            throw _bytes.Wrong("keys and values for something that is no dictionary");
        }

        for (var i = 0; i < items.Length; i += 2)
        {
            dict.Add(items[i], items[i + 1]);
        }

        return true;
    }

    /// <summary>Values below the last mark are not to be touched.</summary>
    private int Floor => _marks.TryPeek(out var mark) ? mark : 0;

    private object? Top(string problem) => _stack.Count > Floor ? _stack[^1] : throw _bytes.Wrong(problem);

    private bool Push(object? value)
    {
        _stack.Add(value);
        return true;
    }

    private bool Put(uint index)
    {
        _memo[index] = Top("nothing to remember");
        return true;
    }

    private object? Get(uint index) => _memo.TryGetValue(index, out var value) ? value : throw _bytes.Wrong($"value {index} was never remembered");

    private object?[] PopMany(int count) => _stack.Count - Floor >= count ? PopFrom(_stack.Count - count) : throw _bytes.Wrong("too few values");

    private object?[] PopToMark() => _marks.TryPop(out var mark) ? PopFrom(mark) : throw _bytes.Wrong("a mark is missing");

    private object?[] PopFrom(int start)
    {
        var values = new object?[_stack.Count - start];
        _stack.CopyTo(start, values, 0, values.Length);
        _stack.RemoveRange(start, values.Length);
        return values;
    }

    private CheckpointFormatException NoCall() => _bytes.Wrong("a call of something that is no name");
}
