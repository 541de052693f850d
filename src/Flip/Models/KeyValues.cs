using static TorchSharp.torch;

namespace Flip.Models;

/// <summary>Keys and values of the tokens that a decoder has written, so that a new token computes its own alone.</summary>
internal sealed class KeyValues : IDisposable
{
    private Tensor? _key;
    private Tensor? _value;

    /// <summary>Adds those of new tokens.</summary>
    /// <param name="key"><c>[rows, heads, new, headDim]</c></param>
    /// <param name="value"><c>[rows, heads, new, headDim]</c></param>
    /// <returns>Those of all tokens; owned by this.</returns>
    public (Tensor Key, Tensor Value) Append(Tensor key, Tensor value)
    {
        Replace(_key is null ? key.contiguous() : cat([_key, key], 2), _value is null ? value.contiguous() : cat([_value, value], 2));
        return (_key!, _value!);
    }

    /// <summary>Each row goes on from another one.</summary>
    /// <param name="parents">int64 rows, <c>[rows]</c>.</param>
    public void Reorder(Tensor parents)
    {
        if (_key is not null)
        {
            Replace(_key.index_select(0, parents), _value!.index_select(0, parents));
        }
    }

    public void Dispose()
    {
        _key?.Dispose();
        _value?.Dispose();
    }

    private void Replace(Tensor key, Tensor value)
    {
        var (oldKey, oldValue) = (_key, _value);
        (_key, _value) = (key.DetachFromDisposeScope(), value.DetachFromDisposeScope());
        oldKey?.Dispose();
        oldValue?.Dispose();
    }
}
