using System.Globalization;
using System.Text;
using Flip.Io;

namespace Flip.Conversion.Containers;

/// <summary>
/// The tensors of an unpickled checkpoint with their names. Names are paths: keys, indices and attributes joined by dots.
/// A dictionary that has a dictionary <c>state_dict</c> (open_clip's training checkpoints), or else <c>model</c>, stands for that one;
/// a prefix <c>module.</c> that all names have (a model saved inside DistributedDataParallel) is taken off.
/// </summary>
internal sealed class TorchStateDict
{
    private const int MaxDepth = 64;
    private const string ParallelPrefix = "module.";

    private readonly string _path;
    private readonly OrderedDictionary<string, TorchTensor> _tensors = [];
    private readonly StringBuilder _name = new();
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
    /// <exception cref="CheckpointFormatException">There are no named tensors, two of one name, or the nesting has no end.</exception>
    public static OrderedDictionary<string, TorchTensor> Collect(string path, object? root, long pickleLength)
    {
        var chosen = root switch
        {
            PickleDict dict => dict.Get("state_dict") as PickleDict ?? dict.Get("model") as PickleDict ?? dict,
            ScriptObject => root,
            _ => throw new CheckpointFormatException(path, null, "it holds no dictionary of tensors"),
        };
        var collector = new TorchStateDict(path, pickleLength);
        collector.Visit(chosen, 0);
        return collector._tensors switch
        {
            { Count: 0 } => throw new CheckpointFormatException(path, null, "it holds no tensors"),
            var all when all.Keys.All(name => name.StartsWith(ParallelPrefix, StringComparison.Ordinal)) =>
                new(all.Select(pair => KeyValuePair.Create(pair.Key[ParallelPrefix.Length..], pair.Value))),
            var all => all,
        };
    }

    private void Visit(object? value, int depth)
    {
        if (--_visits < 0 || depth > MaxDepth)
        {
            throw new CheckpointFormatException(
                _path, null, $"its dictionaries are nested more than {MaxDepth} deep or refer to one another without end");
        }

        switch (value)
        {
            case TorchTensor tensor:
                Add(_name.ToString(), tensor);
                break;
            case PickleDict dict:
                VisitItems(dict, depth);
                break;
            case ScriptObject { Attributes: { } attributes }:
                VisitItems(attributes, depth);
                break;
            case IList<object?> list:
                for (var i = 0; i < list.Count; i++)
                {
                    VisitNamed(i.ToString(CultureInfo.InvariantCulture), list[i], depth);
                }

                break;
        }
    }

    private void VisitItems(PickleDict dict, int depth)
    {
        foreach (var (key, item) in dict.Items)
        {
            VisitNamed(Convert.ToString(key, CultureInfo.InvariantCulture)!, item, depth);
        }
    }

    private void VisitNamed(string part, object? value, int depth)
    {
        var length = _name.Length;
        Spend(part.Length);
        _name.Append(length > 0 ? "." : "").Append(part);
        Visit(value, depth + 1);
        _name.Length = length;
    }

    private void Add(string name, TorchTensor tensor)
    {
        Spend(name.Length);
        if (!_tensors.TryAdd(name, tensor))
        {
            throw new CheckpointFormatException(_path, name, "the file holds two tensors of this name");
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
