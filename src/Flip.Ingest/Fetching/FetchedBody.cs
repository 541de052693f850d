using System.Buffers;

namespace Flip.Ingest.Fetching;

/// <summary>A file that came, in pooled memory; dispose of it to give the memory back.</summary>
public sealed class FetchedBody : IDisposable
{
    private const int FirstLength = 1 << 15; // bytes; a small photo's

    private readonly BodyMemory _memory;
    private readonly int _maxBytes;
    private byte[]? _buffer;
    private bool _isLarge;

    /// <param name="memory">Bounds what all files hold.</param>
    /// <param name="maxBytes">Bytes of the largest.</param>
    internal FetchedBody(BodyMemory memory, int maxBytes) => (_memory, _maxBytes) = (memory, maxBytes);

    /// <summary>Bytes of the file.</summary>
    public int Length { get; private set; }

    /// <summary>The file.</summary>
    public ReadOnlyMemory<byte> Content => _buffer is null ? default : _buffer.AsMemory(0, Length);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_buffer is { } buffer)
        {
            (_buffer, Length) = (null, 0);
            ArrayPool<byte>.Shared.Return(buffer);
        }

        if (_isLarge)
        {
            _isLarge = false;
            _memory.Leave();
        }
    }

    /// <summary>Reads a stream to its end.</summary>
    /// <param name="stream">The file's bytes.</param>
    /// <param name="expected">Its length, as far as that is known.</param>
    /// <param name="cancellation">Stops.</param>
    /// <exception cref="FetchException">It has more bytes than may be.</exception>
    internal async Task ReadAsync(Stream stream, long expected, CancellationToken cancellation)
    {
        await GrowAsync((int)Math.Min(expected + 1, Most(_maxBytes)), cancellation);
        while (true)
        {
            if (Length == _buffer!.Length)
            {
                await GrowAsync((int)Math.Min(2L * Length, Most(_maxBytes)), cancellation);
            }

            var count = await stream.ReadAsync(_buffer.AsMemory(Length), cancellation);
            Length += count;
            if (count == 0)
            {
                return;
            }

            if (Length > _maxBytes)
            {
                throw new FetchException(FetchCause.TooLarge, $"more than {_maxBytes} bytes came");
            }
        }
    }

    /// <summary>One byte more than may be, which tells that there is more.</summary>
    private static long Most(int maxBytes) => maxBytes + 1L;

    private async Task GrowAsync(int length, CancellationToken cancellation)
    {
        length = Math.Max(length, FirstLength);
        if (length > BodyMemory.Small && !_isLarge)
        {
            await _memory.EnterAsync(cancellation);
            _isLarge = true;
        }

        var larger = ArrayPool<byte>.Shared.Rent(length);
        if (_buffer is { } old)
        {
            old.AsSpan(0, Length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(old);
        }

        _buffer = larger;
    }
}
