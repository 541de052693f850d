using System.Net;

namespace Flip.Network;

/// <summary>What may be gone in a moment when a server is asked, and how long one waits for it.</summary>
internal static class Patience
{
    /// <summary>Work that a silent server cannot hold.</summary>
    /// <param name="time">How long it may take.</param>
    /// <param name="work">The work.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="TransientException">It took too long, or the connection failed. A name that is not found and a certificate that is not good are thrown as they are.</exception>
    public static async Task<T> WithinAsync<T>(TimeSpan time, Func<CancellationToken, Task<T>> work, CancellationToken cancellation)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limited.CancelAfter(time);
        try
        {
            return await work(limited.Token);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new TransientException($"no answer within {time.TotalSeconds:0} seconds", innerException: e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException && !IsLasting(e))
        {
            cancellation.ThrowIfCancellationRequested();
            throw new TransientException(OneLine(e.Message).TrimEnd('.'), innerException: e);
        }
    }

    /// <summary>Whether a failure stays until somebody changes something: a name that is not found, a certificate that is not good.</summary>
    public static bool IsLasting(Exception e) =>
        e is HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError };

    /// <summary>Whether a server that answers so may answer otherwise soon.</summary>
    public static bool IsPassing(HttpStatusCode status) => status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or HttpStatusCode.InternalServerError
        or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;

    /// <summary>How long a server asks to wait; null where it does not.</summary>
    public static TimeSpan? RetryAfter(HttpResponseMessage response) =>
        response.Headers.RetryAfter is { } after ? after.Delta ?? after.Date - DateTimeOffset.UtcNow : null;

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
