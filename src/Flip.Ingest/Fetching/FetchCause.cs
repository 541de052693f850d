using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace Flip.Ingest.Fetching;

/// <summary>Why a file did not come: few and stable, so that they can be counted. <see cref="IsPassing"/> tells those that may be gone in a moment.</summary>
public static partial class FetchCause
{
    /// <summary>The text is no address of http or https.</summary>
    public const string BadUrl = "bad URL";

    /// <summary>The address has a name or a password before its host.</summary>
    public const string Credentials = "credentials in the URL";

    /// <summary>The host is this machine's, its network's, or none of the internet.</summary>
    public const string PrivateAddress = "private address";

    /// <summary>The name stands for no host.</summary>
    public const string NoSuchHost = "name does not exist";

    /// <summary>What the name stands for could not be learnt now.</summary>
    public const string NameFailed = "name not resolved";

    /// <summary>No connection, or one that was cut before the answer.</summary>
    public const string ConnectionFailed = "connection failed";

    /// <summary>So many requests in a row got no answer that the host is not asked any more.</summary>
    public const string HostSilent = "host does not answer";

    /// <summary>The host's certificate or its encryption is not accepted.</summary>
    public const string TlsFailed = "TLS failed";

    /// <summary>The whole did not come within its time.</summary>
    public const string TimedOut = "timed out";

    /// <summary>The body ended before the length that was announced.</summary>
    public const string CutShort = "body cut short";

    /// <summary>More bytes than may be.</summary>
    public const string TooLarge = "file too large";

    /// <summary>More headers than may be.</summary>
    public const string HeadersTooLarge = "headers too large";

    /// <summary>The answer is no HTTP.</summary>
    public const string BadAnswer = "invalid answer";

    /// <summary>The body is packed in a way that is unknown, or broken.</summary>
    public const string BadEncoding = "bad content encoding";

    /// <summary>A redirect without an address, or to one that is not http or https.</summary>
    public const string BadRedirect = "bad redirect";

    /// <summary>More redirects than are followed.</summary>
    public const string TooManyRedirects = "too many redirects";

    /// <summary>The host's X-Robots-Tag does not want the file to be used.</summary>
    public const string Robots = "forbidden by X-Robots-Tag";

    /// <summary>An answer's status, in the words of img2dataset.</summary>
    public static string OfStatus(HttpStatusCode status)
    {
        var number = ((int)status).ToString(CultureInfo.InvariantCulture);
        return Enum.IsDefined(status) ? $"HTTP Error {number}: {Words().Replace(status.ToString(), " ")}" : $"HTTP Error {number}";
    }

    /// <summary>Whether another try may have another end.</summary>
    public static bool IsPassing(string cause)
    {
        ArgumentNullException.ThrowIfNull(cause);
        return cause is TimedOut or ConnectionFailed or CutShort or NameFailed or HostSilent
            || (Status().Match(cause) is { Success: true } match && int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) is 408 or 425 or 429 or >= 500);
    }

    [GeneratedRegex("^HTTP Error ([0-9]{3})(:|$)")]
    private static partial Regex Status();

    [GeneratedRegex("(?<=[a-z])(?=[A-Z])")]
    private static partial Regex Words();
}
