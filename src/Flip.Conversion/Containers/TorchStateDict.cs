using System.Globalization;
using System.Text;
using Flip.Storage;

namespace Flip.Conversion.Containers;

/// <summary>
/// The tensors of an unpickled checkpoint with their names. Names are paths: keys, indices and attributes joined by dots. Modules that were
/// saved whole have the names that their state dict would have. A tensor inside any other object is there under the object's name, but
/// cannot be read.
/// </summary>
internal sealed class TorchStateDict
{
    private const int MaxDepth = 64;

    private readonly string _path;
    private readonly OrderedDictionary<string, TorchTensor> _tensors = [];
    private readonly HashSet<object> _ancestors = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<object> _searched = new(ReferenceEqualityComparer.Instance);
    private readonly StringBuilder _name = new();
    private string? _firstClass;
    private long _visits;
    private long _characters;

    private TorchStateDict(string path, long pickleLength)
    {
        _path = path;

        // A few bytes can refer to one dictionary from many others; no honest file comes near these numbers.
        _visits = 1000 + (4 * pickleLength);
        _characters = 65536 + (16 * pickleLength);
    }

    /// <summary>Names and tensors in the file's order.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="root">What the pickle holds.</param>
    /// <param name="pickleLength">Bytes of the pickle, to which the work is held in proportion.</param>
    /// <exception cref="CheckpointFormatException">There are no tensors, or the nesting has no end.</exception>
    public static OrderedDictionary<string, TorchTensor> Collect(string path, object? root, long pickleLength)
    {
        var collector = new TorchStateDict(path, pickleLength);
        collector.Visit(root, 0);
        return collector._tensors.Count > 0 ? collector._tensors : throw new CheckpointFormatException(
            path, null, "it holds no tensors" + (collector._firstClass is { } name ? $", but objects such as one of '{name}', which are not read" : ""));
    }

    private void Visit(object? value, int depth)
    {
        Step(depth);
        switch (value)
        {
            case TorchTensor tensor:
                Add(tensor);
                break;

            // Something that holds itself is not visited within itself.
            case PickleDict or IList<object?> or PickleObject when _ancestors.Add(value):
                VisitParts(value, depth);
                _ancestors.Remove(value);
                break;
        }
    }

    private void VisitParts(object value, int depth)
    {
        switch (value)
        {
            case PickleDict dict:
                VisitItems(dict, depth);
                break;
            case IList<object?> list:
                for (var i = 0; i < list.Count; i++)
                {
                    VisitNamed(i, list[i], depth);
                }

                break;
            case PickleObject { Maker: PickleGlobal { Kind: PickleGlobalKind.ScriptClass } } script:
                VisitItems(script.State as PickleDict ?? new(), depth);
                break;
            case PickleObject { State: PickleDict state } when state.Get("_parameters") is PickleDict parameters && state.Get("_modules") is PickleDict modules:
                VisitItems(parameters, depth);
                VisitItems(state.Get("_buffers") as PickleDict ?? new(), depth);
                VisitItems(modules, depth);
                break;
            case PickleObject { Entries: { } entries }:
                VisitItems(entries, depth);
                break;
            case PickleObject other:
                _firstClass ??= other.ClassName;
                if (HoldsTensor(other))
                {
                    Add(TorchTensor.Unreadable($"it is inside an object of '{other.ClassName}', which is not read; {Advice(other.ClassName)}"));
                }

                break;
        }
    }

    private static string Advice(string className) =>
        className.Contains("DTensor", StringComparison.Ordinal) || className.Contains("ShardedTensor", StringComparison.Ordinal)
            ? "this is one process's part of a model: let the training gather the full state dict before it saves"
            : "in Python, load the file and save the model's state dict alone, as plain tensors";

    private void VisitItems(PickleDict dict, int depth)
    {
        for (var i = 0; i < dict.Items.Count; i++)
        {
            var (key, item) = dict.Items[i];
            VisitNamed(key is string or long or double or bool ? key : $"?{i}", item, depth);
        }
    }

    private void VisitNamed(object key, object? value, int depth)
    {
        if (value is not (TorchTensor or PickleDict or IList<object?> or PickleObject))
        {
            Step(depth);
            return;
        }

        var part = Convert.ToString(key, CultureInfo.InvariantCulture)!;
        var length = _name.Length;
        Spend(part.Length);
        _name.Append(length > 0 ? "." : "").Append(part);
        Visit(value, depth + 1);
        _name.Length = length;
    }

    /// <summary>Whether an object has a tensor or a storage in it, at any depth. What another object's search has seen is not searched again.</summary>
    private bool HoldsTensor(PickleObject root)
    {
        var open = new Stack<object?>([root]);
        while (open.TryPop(out var value))
        {
            if (value is TorchTensor or TorchStorage)
            {
                return true;
            }

            if (value is null or string or long or double or bool or PickleGlobal or PickleBlob || !_searched.Add(value))
            {
                continue;
            }

            Step(0);
            IEnumerable<object?> parts = value switch
            {
                PickleObject part => [part.Arguments, part.State, part.Items, part.Entries],
                PickleDict dict => dict.Items.Select(item => item.Value),
                IList<object?> list => list,
                _ => [],
            };
            foreach (var part in parts)
            {
                open.Push(part);
            }
        }

        return false;
    }

    private void Add(TorchTensor tensor)
    {
        var name = _name.ToString();
        Spend(name.Length);
        if (!_tensors.TryAdd(name, tensor))
        {
            _tensors[name] = TorchTensor.Unreadable("the file holds two tensors of this name");
        }
    }

    private void Step(int depth)
    {
        if (--_visits < 0 || depth > MaxDepth)
        {
            throw new CheckpointFormatException(
                _path, null, $"its dictionaries are nested more than {MaxDepth} deep or refer to one another without end");
        }
    }

    private void Spend(int characters)
    {
        if ((_characters -= characters) < 0)
        {
            throw new CheckpointFormatException(_path, null, "the names of its tensors are far longer than the file");
        }
    }
}
