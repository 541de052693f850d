using System.Net;

namespace Flip.Ingest.Fetching;

/// <summary>Reads addresses that strangers have written.</summary>
internal static class FetchAddress
{
    /// <summary>Characters of an address. Browsers take more, servers seldom 8 thousand.</summary>
    private const int Longest = 8192;

    /// <summary>An address of http or https, without credentials.</summary>
    /// <exception cref="FetchException">It is none.</exception>
    public static Uri Read(string text) =>
        text.Length <= Longest && Uri.TryCreate(text.Trim(), UriKind.Absolute, out var url) ? Checked(url, FetchCause.BadUrl)
            : throw new FetchException(FetchCause.BadUrl, "no absolute address of http or https");

    /// <summary>The address that a redirect names.</summary>
    /// <param name="from">The address that was asked.</param>
    /// <param name="location">What the server names, absolute or not.</param>
    /// <exception cref="FetchException">It is none that is followed.</exception>
    public static Uri Follow(Uri from, string? location) =>
        location is { Length: > 0 and <= Longest } && Uri.TryCreate(from, location.Trim(), out var to) ? Checked(to, FetchCause.BadRedirect)
            : throw new FetchException(FetchCause.BadRedirect, "the answer names no address");

    /// <summary>An address for people: no query, which may hold a signature.</summary>
    public static string Show(Uri url) => url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);

    /// <summary>Whether a host is written as an address, and as which.</summary>
    public static IPAddress? Literal(string host) => IPAddress.TryParse(host, out var address) ? address : null;

    private static Uri Checked(Uri url, string cause)
    {
        if (url.Scheme is not ("http" or "https"))
        {
            throw new FetchException(cause, $"'{url.Scheme}:' is not fetched, only http and https");
        }

        try
        {
            _ = url.IdnHost.Length > 0 ? url.IdnHost : throw new UriFormatException("no host");
        }
        catch (Exception e) when (e is UriFormatException or ArgumentException)
        {
            throw new FetchException(cause, "its host is no name", innerException: e);
        }

        return url.UserInfo.Length == 0 ? url : throw new FetchException(FetchCause.Credentials, "a name or password before the host is not sent");
    }
}
