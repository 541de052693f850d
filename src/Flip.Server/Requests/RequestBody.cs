using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Flip.Server.Requests;

/// <summary>The bytes of a request's body, of bounded length, in memory that is bounded for all requests. Dispose of it to give that back.</summary>
internal sealed class RequestBody : IDisposable
{
    private const string TooLarge = "The body is too large";
    private const int FirstLength = 1 << 14;

    private readonly BodyMemory _memory;
    private long _taken;

    private RequestBody(BodyMemory memory, long taken, ReadOnlyMemory<byte> bytes) => (_memory, _taken, Bytes) = (memory, taken, bytes);

    /// <summary>The body.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>Reads a body to its end.</summary>
    /// <exception cref="RequestException">It is longer than may be, packed, or there is no memory for it now.</exception>
    public static async Task<RequestBody> ReadAsync(HttpContext context, ServerLimits limits, BodyMemory memory)
    {
        var request = context.Request;
        if (request.Headers.ContentEncoding.Count > 0)
        {
            throw new RequestException(StatusCodes.Status415UnsupportedMediaType, "The body is packed", "Content-Encoding", "Packed bodies are not taken: send it as it is.");
        }

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature)
        {
            feature.MaxRequestBodySize = limits.BodyBytes;
        }

        var announced = request.ContentLength;
        if (announced > limits.BodyBytes)
        {
            throw Refused(limits);
        }

        var taken = announced ?? limits.BodyBytes;
        if (!memory.TryTake(taken))
        {
            throw new RequestException(StatusCodes.Status429TooManyRequests, "Too many large requests", [], "Other requests hold the memory for bodies. Try again in a second.")
            {
                RetryAfter = TimeSpan.FromSeconds(1),
            };
        }

        try
        {
            return new RequestBody(memory, taken, await ReadAsync(request.Body, announced, limits, context.RequestAborted));
        }
        catch
        {
            memory.Give(taken);
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _taken, 0) is > 0 and var taken)
        {
            _memory.Give(taken);
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(Stream body, long? announced, ServerLimits limits, CancellationToken cancellation)
    {
        var bytes = new byte[(int)Math.Min((announced ?? FirstLength) + 1, FirstLength)];
        var length = 0;
        while (true)
        {
            var count = await body.ReadAsync(bytes.AsMemory(length), cancellation);
            if (count == 0)
            {
                return bytes.AsMemory(0, length);
            }

            length += count;
            if (length > limits.BodyBytes)
            {
                throw Refused(limits);
            }

            if (length == bytes.Length)
            {
                // One byte more than there are, so that the end is read without growing.
                Array.Resize(ref bytes, (int)Math.Min(Math.Max(2L * length, FirstLength), (announced ?? limits.BodyBytes) + 1L));
            }
        }
    }

    private static RequestException Refused(ServerLimits limits) => new(
        StatusCodes.Status413PayloadTooLarge, TooLarge, [], FormattableString.Invariant($"A body has at most {limits.BodyBytes:N0} bytes."));
}
