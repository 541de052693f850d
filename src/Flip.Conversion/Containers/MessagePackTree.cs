using System.Text;
using Flip.Storage;
using Microsoft.Win32.SafeHandles;
using Nerdbank.MessagePack;
using DecodeResult = Nerdbank.MessagePack.MessagePackPrimitives.DecodeResult;

namespace Flip.Conversion.Containers;

/// <summary>A stretch of a MessagePack file that stays there: an extension's or a byte string's content.</summary>
/// <param name="ExtensionCode">The extension's code; null for a byte string.</param>
/// <param name="Offset">First byte in the file.</param>
/// <param name="Length">Bytes.</param>
internal sealed record MessagePackBlob(sbyte? ExtensionCode, long Offset, long Length);

/// <summary>
/// Reads the structure of a MessagePack file, whatever its length, and leaves arrays of bytes where they are. Values are null, bool, long
/// (or ulong beyond its range), double, string, List (array), OrderedDictionary (map) and <see cref="MessagePackBlob"/>. Nesting, the
/// number of values and the length of texts are bounded. Tokens are decoded by Nerdbank.MessagePack.
/// </summary>
/// <param name="path">The file, for messages.</param>
/// <param name="file">The open file.</param>
internal sealed class MessagePackTree(string path, SafeFileHandle file)
{
    private const int MaxDepth = 64;
    private const int MaxTextLength = 1 << 16;
    private const int WindowLength = 1 << 14;

    /// <summary>A checkpoint of 100 000 arrays has fewer; each takes some 100 bytes here.</summary>
    private const int MaxValues = 1 << 20;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly byte[] _window = new byte[WindowLength];
    private long _windowStart;
    private int _windowLength;
    private long _position;
    private long _end;
    private int _values;

    private delegate DecodeResult Decode<T>(ReadOnlySpan<byte> source, out T value, out int tokenSize);

    /// <summary>The one value that a stretch of the file consists of.</summary>
    /// <exception cref="CheckpointFormatException">It is no MessagePack, or beyond the bounds.</exception>
    public object? Read(long offset, long length)
    {
        (_position, _end) = (offset, offset + length);
        var value = Value(0);
        return _position == _end ? value : throw Wrong("more bytes follow the value");
    }

    private object? Value(int depth)
    {
        if (depth > MaxDepth || ++_values > MaxValues)
        {
            throw Wrong(depth > MaxDepth ? $"values nested more than {MaxDepth} deep" : $"more than {MaxValues} values");
        }

        switch (MessagePackCode.ToMessagePackType(Peek()[0]))
        {
            case MessagePackType.Nil:
                _position++;
                return null;
            case MessagePackType.Boolean:
                return Token<bool>(MessagePackPrimitives.TryRead);
            case MessagePackType.Integer:
                return Integer();
            case MessagePackType.Float:
                return Token<double>(MessagePackPrimitives.TryRead);
            case MessagePackType.String:
                return Text();
            case MessagePackType.Binary:
                return Blob(null, Token<uint>(MessagePackPrimitives.TryReadBinHeader));
            case MessagePackType.Extension:
                var header = Token<ExtensionHeader>(MessagePackPrimitives.TryReadExtensionHeader);
                return Blob(header.TypeCode, header.Length);
            case MessagePackType.Array:
                return Array(Token<uint>(MessagePackPrimitives.TryReadArrayHeader), depth);
            case MessagePackType.Map:
                return Map(Token<uint>(MessagePackPrimitives.TryReadMapHeader), depth);
            default:
                throw Wrong("a byte that begins no value");
        }
    }

    /// <summary>A number above 2^63 is no size or index of anything; it stays an unsigned one.</summary>
    private object Integer() =>
        Peek()[0] == MessagePackCode.UInt64 && Token<ulong>(MessagePackPrimitives.TryRead) is var number
            ? number <= long.MaxValue ? (long)number : number
            : Token<long>(MessagePackPrimitives.TryRead);

    private List<object?> Array(uint count, int depth)
    {
        var items = new List<object?>();
        for (var i = 0u; i < count; i++)
        {
            items.Add(Value(depth + 1));
        }

        return items;
    }

    private OrderedDictionary<string, object?> Map(uint count, int depth)
    {
        var items = new OrderedDictionary<string, object?>();
        for (var i = 0u; i < count; i++)
        {
            var key = Value(depth + 1) switch
            {
                string text => text,
                long number => number.ToString(System.Globalization.CultureInfo.InvariantCulture),
                _ => throw Wrong("a key that is neither text nor a whole number"),
            };
            if (!items.TryAdd(key, Value(depth + 1)))
            {
                throw Wrong($"the key '{key}' is there twice");
            }
        }

        return items;
    }

    private MessagePackBlob Blob(sbyte? code, uint length)
    {
        if (length > _end - _position)
        {
            throw Wrong($"{length} bytes that reach beyond the end");
        }

        var blob = new MessagePackBlob(code, _position, length);
        _position += length;
        return blob;
    }

    private string Text()
    {
        var blob = Blob(null, Token<uint>(MessagePackPrimitives.TryReadStringHeader));
        if (blob.Length > MaxTextLength)
        {
            throw Wrong($"a text of {blob.Length} bytes, at most {MaxTextLength} are read");
        }

        var bytes = new byte[blob.Length];
        FileBytes.ReadExactly(file, path, bytes, blob.Offset);
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw new CheckpointFormatException(path, null, $"MessagePack, byte {_position}: text that is no UTF-8", e);
        }
    }

    private T Token<T>(Decode<T> decode)
    {
        var result = decode(Peek(), out var value, out var size);
        if (result != DecodeResult.Success)
        {
            throw Wrong("it ends within a value");
        }

        _position += size;
        return value;
    }

    /// <summary>The bytes from here on, enough for any token unless the end comes before.</summary>
    private ReadOnlySpan<byte> Peek()
    {
        const int LongestToken = 16;
        if (_position >= _end)
        {
            throw Wrong("it ends within a value");
        }

        var needed = (int)Math.Min(LongestToken, _end - _position);
        if (_position < _windowStart || _position + needed > _windowStart + _windowLength)
        {
            _windowStart = _position;
            _windowLength = (int)Math.Min(WindowLength, _end - _position);
            FileBytes.ReadExactly(file, path, _window.AsSpan(0, _windowLength), _windowStart);
        }

        var start = (int)(_position - _windowStart);
        return _window.AsSpan(start, (int)Math.Min(_windowLength - start, _end - _position));
    }

    private CheckpointFormatException Wrong(string problem) => new(path, null, $"MessagePack, byte {_position}: {problem}");
}
