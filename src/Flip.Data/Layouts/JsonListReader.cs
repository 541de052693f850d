using System.Text.Json;
using Flip.Io;

namespace Flip.Data.Layouts;

/// <summary>The objects of one list in a large JSON object, read one after another: VQA's annotations have 370 MB, and a tree of them would take gigabytes.</summary>
/// <param name="path">The file.</param>
/// <param name="list">Name of the list, a member of the outermost object; all else is passed over.</param>
internal sealed class JsonListReader(string path, string list) : IDisposable
{
    private const int FirstBytes = 1 << 16;
    private const int MostBytes = 1 << 24; // of an object of the list
    private static ReadOnlySpan<byte> Mark => [0xEF, 0xBB, 0xBF];

    private readonly FileStream _file = PlainFile.OpenRead(path, FileOptions.SequentialScan);
    private byte[] _bytes = new byte[FirstBytes];
    private int _start;
    private int _end;
    private bool _isBegun;
    private bool _isWhole; // the rest of the file is in memory
    private bool _isNamed; // the list's name was just read
    private bool _isIn;
    private bool _isFound;
    private JsonReaderState _state = new(UserJson.ReaderOptions);

    /// <summary>The next object; null at the end of the file.</summary>
    /// <typeparam name="T">What it is read as.</typeparam>
    /// <param name="options">How.</param>
    /// <exception cref="JsonException">The file is no JSON, has no such list, or an object of it is of another form.</exception>
    public T? Next<T>(JsonSerializerOptions options)
        where T : class
    {
        if (!_isBegun)
        {
            _isBegun = true;
            Fill();
            _start = _bytes.AsSpan(0, _end).StartsWith(Mark) ? Mark.Length : 0;
        }

        while (true)
        {
            if (TryRead(options, out T? item))
            {
                return item;
            }

            if (_isWhole)
            {
                return _isFound ? null : throw new JsonException($"it has no list '{list}'");
            }

            Fill();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>Reads as far as the memory goes, or behind the next object of the list.</summary>
    private bool TryRead<T>(JsonSerializerOptions options, out T? item)
        where T : class
    {
        item = null;
        var json = new Utf8JsonReader(_bytes.AsSpan(_start, _end - _start), _isWhole, _state);
        var (taken, state) = (0, _state);
        while (item is null && json.Read())
        {
            if (_isIn && json.TokenType is not (JsonTokenType.StartObject or JsonTokenType.EndArray))
            {
                throw new JsonException($"an entry of '{list}' is no object");
            }

            if (_isIn && json.TokenType == JsonTokenType.StartObject)
            {
                var first = (int)json.TokenStartIndex;
                if (!json.TrySkip())
                {
                    break;
                }

                item = JsonSerializer.Deserialize<T>(_bytes.AsSpan(_start + first, (int)json.BytesConsumed - first), options) ?? throw new JsonException($"an entry of '{list}' is null");
            }
            else
            {
                Follow(ref json);
            }

            (taken, state) = ((int)json.BytesConsumed, json.CurrentState);
        }

        (_start, _state) = (_start + taken, state);
        return item is not null;
    }

    private void Follow(ref Utf8JsonReader json)
    {
        var begins = _isNamed && json.TokenType == JsonTokenType.StartArray;
        _isIn = begins;
        _isFound |= begins;
        _isNamed = !_isFound && json.TokenType == JsonTokenType.PropertyName && json.CurrentDepth == 1 && json.ValueTextEquals(list);
    }

    /// <summary>Reads more of the file behind what is left.</summary>
    private void Fill()
    {
        _bytes.AsSpan(_start, _end - _start).CopyTo(_bytes);
        (_start, _end) = (0, _end - _start);
        if (_end == _bytes.Length)
        {
            Array.Resize(ref _bytes, _bytes.Length < MostBytes ? 2 * _bytes.Length : throw new JsonException(FormattableString.Invariant($"a value has more than {MostBytes:N0} bytes")));
        }

        var read = _file.Read(_bytes.AsSpan(_end));
        _end += read;
        _isWhole = read == 0;
    }
}
