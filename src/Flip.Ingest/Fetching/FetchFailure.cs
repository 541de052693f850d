using System.Net.Sockets;

namespace Flip.Ingest.Fetching;

/// <summary>What the network's failures are to whoever asked for a file.</summary>
internal static class FetchFailure
{
    /// <summary>Whether a failure is the network's or the host's, and no defect.</summary>
    public static bool IsKnown(Exception e) => e is HttpRequestException or IOException or SocketException or InvalidDataException or FormatException;

    /// <summary>A failure with its cause.</summary>
    public static FetchException Of(Exception e, Uri url, TimeSpan timeout)
    {
        for (var inner = e; inner is not null; inner = inner.InnerException)
        {
            if (inner is FetchException known)
            {
                return known; // of the connector, wrapped by the client
            }
        }

        if (e is OperationCanceledException || e.InnerException is OperationCanceledException or TimeoutException)
        {
            return new FetchException(FetchCause.TimedOut, FormattableString.Invariant($"{FetchAddress.Show(url)} did not come within {timeout.TotalSeconds:0.#} s"), innerException: e);
        }

        return new FetchException(Cause(e), FetchAddress.Show(url), innerException: e);
    }

    private static string Cause(Exception e) => e switch
    {
        InvalidDataException => FetchCause.BadEncoding,
        FormatException => FetchCause.BadAnswer, // a header that is none
        HttpRequestException request => Cause(request.HttpRequestError, FetchCause.ConnectionFailed),
        HttpIOException body => Cause(body.HttpRequestError, FetchCause.CutShort),
        _ => FetchCause.CutShort, // while the body was read
    };

    private static string Cause(HttpRequestError error, string otherwise) => error switch
    {
        HttpRequestError.SecureConnectionError => FetchCause.TlsFailed,
        HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError or HttpRequestError.VersionNegotiationError => FetchCause.BadAnswer,
        HttpRequestError.ConfigurationLimitExceeded => FetchCause.HeadersTooLarge,
        HttpRequestError.NameResolutionError => FetchCause.NameFailed,
        _ => otherwise,
    };
}
