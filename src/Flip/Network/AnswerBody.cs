using System.Diagnostics;

namespace Flip.Network;

/// <summary>
/// The bytes of an answer as they come. A server that is silent is left, and so is one that holds a download for ever with a byte now and then: in each
/// window of time as many must come as the slowest rate gives.
/// </summary>
/// <param name="stream">The bytes.</param>
/// <param name="patience">How long the server may be silent.</param>
/// <param name="slowestRate">Bytes a second below which it is left.</param>
/// <param name="window">The time over which the rate is taken.</param>
internal sealed class AnswerBody(Stream stream, TimeSpan patience, int slowestRate, TimeSpan window) : IAsyncDisposable
{
    private TimeSpan _waited;
    private long _received;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => stream.DisposeAsync();

    /// <summary>Reads the next bytes.</summary>
    /// <returns>How many came; 0 at the end.</returns>
    /// <exception cref="TransientException">The connection was cut, is silent or too slow.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        var start = Stopwatch.GetTimestamp();
        var count = await Patience.WithinAsync(patience, token => stream.ReadAsync(buffer, token).AsTask(), cancellation);
        _waited += Stopwatch.GetElapsedTime(start); // for the server alone, not for our disk
        _received += count;
        if (_waited >= window)
        {
            if (count > 0 && _received < slowestRate * _waited.TotalSeconds)
            {
                throw new TransientException(FormattableString.Invariant(
                    $"only {_received} bytes came in {_waited.TotalSeconds:0.#} seconds; a server that sends less than {slowestRate} a second is left"));
            }

            (_waited, _received) = (TimeSpan.Zero, 0);
        }

        return count;
    }
}
