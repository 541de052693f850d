using System.Net;
using System.Net.Http.Headers;
using Flip.Network;

namespace Flip.Conversion.Download;

/// <summary>
/// Requests as downloads need them. Redirects are followed here, because every address on the way has to be safe and the token
/// belongs to the hub alone. Bytes come as they are: a compressed answer could neither be continued nor be bounded.
/// </summary>
internal sealed class HttpTransport : IDisposable
{
    private const int MaxRedirects = 10;

    /// <summary>KiB of an answer's headers. The hub's have about 3, most of it a signed address.</summary>
    private const int MaxHeaders = 64;

    private readonly HttpClient _client;
    private readonly Uri? _hub;
    private readonly string? _token;
    private readonly DownloadOptions _options;

    /// <param name="hub">Whose requests carry the token; null for nobody's.</param>
    /// <param name="token">The token, or null.</param>
    /// <param name="options">How long an answer, or the next bytes of one, may take to come.</param>
    public HttpTransport(Uri? hub, string? token, DownloadOptions options)
    {
        (_hub, _token, _options) = (hub, token, options);
        var handler = options.Handler ?? new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = options.Patience,
            MaxResponseHeadersLength = MaxHeaders,
            UseCookies = false,
        };
        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        _client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("flip", typeof(HttpTransport).Assembly.GetName().Version?.ToString(3)));
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    /// <summary>Whether an address may be asked: encrypted, or on this machine.</summary>
    public static bool IsSafe(Uri url) => url.IsAbsoluteUri && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback));

    /// <summary>An address for people: without what may be secret, a password before the host or a signature behind the path.</summary>
    public static string Show(Uri url) => url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);

    /// <summary>Asks for a whole file, or for the rest of one. The answer's body is still to be read.</summary>
    /// <param name="url">The address.</param>
    /// <param name="offset">Where the answer is to begin; 0 for the whole.</param>
    /// <param name="version">The version of which the beginning is known, or null.</param>
    /// <param name="cancellation">Stops the request.</param>
    /// <exception cref="TransientException">Worth another try.</exception>
    /// <exception cref="RefusedException">The server does not give it.</exception>
    /// <exception cref="DownloadException">The way there is not safe.</exception>
    public async Task<HttpResponseMessage> GetAsync(Uri url, long offset, EntityTagHeaderValue? version, CancellationToken cancellation)
    {
        var mayHaveToken = true;
        for (var hop = 0; hop <= MaxRedirects; hop++)
        {
            mayHaveToken = mayHaveToken && _hub is not null && SameOrigin(url, _hub);
            var response = await SendAsync(url, offset, version, mayHaveToken ? _token : null, cancellation);
            if (response.StatusCode is not (HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
                    or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect)
                || response.Headers.Location is not { } location)
            {
                return response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable
                    ? AsItIs(response, url)
                    : throw await FailureAsync(response, url, cancellation);
            }

            response.Dispose();
            url = await FollowAsync(url, location.OriginalString, cancellation);
        }

        throw new DownloadException($"{Show(url)}: more than {MaxRedirects} redirects.");
    }

    /// <summary>The address that an answer names, as a redirect or as the next page.</summary>
    /// <exception cref="DownloadException">The server may not send there.</exception>
    public Task<Uri> FollowAsync(Uri url, string location, CancellationToken cancellation) =>
        Redirect.FollowAsync(url, location, _options.Resolve, cancellation);

    /// <summary>The bytes of an answer.</summary>
    /// <exception cref="TransientException">The connection was cut or is silent.</exception>
    public async Task<AnswerBody> BodyAsync(HttpResponseMessage response, CancellationToken cancellation) =>
        new(await WithinPatience(response.Content.ReadAsStreamAsync, cancellation), _options.Patience, _options.SlowestRate, _options.RateWindow);

    /// <summary>Reads a whole short body.</summary>
    /// <exception cref="DownloadException">It is longer than <paramref name="limit"/>.</exception>
    /// <exception cref="TransientException">The connection was cut or is silent.</exception>
    public async Task<byte[]> ReadAsync(HttpResponseMessage response, int limit, CancellationToken cancellation)
    {
        await using var body = await BodyAsync(response, cancellation);
        using var content = new MemoryStream();
        var buffer = new byte[1 << 14];
        while (await body.ReadAsync(buffer, cancellation) is > 0 and var count)
        {
            content.Write(buffer, 0, count);
            if (content.Length > limit)
            {
                throw new DownloadException($"{Show(response.RequestMessage!.RequestUri!)}: the answer is longer than {limit} bytes.");
            }
        }

        return content.ToArray();
    }

    private static HttpResponseMessage AsItIs(HttpResponseMessage response, Uri url)
    {
        var codings = response.Content.Headers.ContentEncoding.Where(coding => !coding.Equals("identity", StringComparison.OrdinalIgnoreCase)).ToList();
        if (codings.Count == 0)
        {
            return response;
        }

        response.Dispose();
        throw new DownloadException($"{Show(url)}: comes packed ({ServerText.OneLine(string.Join(", ", codings))}), and was asked for as it is.");
    }

    private static bool SameOrigin(Uri url, Uri other) =>
        Uri.Compare(url, other, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) == 0;

    private async Task<HttpResponseMessage> SendAsync(
        Uri url, long offset, EntityTagHeaderValue? version, string? token, CancellationToken cancellation)
    {
        if (!IsSafe(url))
        {
            throw new DownloadException($"{Show(url)}: not encrypted; only https is asked, and http on this machine.");
        }

        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        if (offset > 0)
        {
            request.Headers.Range = new RangeHeaderValue(offset, null);
            request.Headers.IfRange = version is { IsWeak: false } ? new RangeConditionHeaderValue(version) : null;
        }

        return await WithinPatience(token => _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token), cancellation);
    }

    /// <summary>Work that a silent server cannot hold.</summary>
    public async Task<T> WithinPatience<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellation)
    {
        try
        {
            return await Patience.WithinAsync(_options.Patience, work, cancellation);
        }
        catch (HttpRequestException e) when (Patience.IsLasting(e))
        {
            throw new DownloadException($"{e.Message.TrimEnd('.')}; check the address, the connection to the network and its proxy.", e);
        }
    }

    private async Task<Exception> FailureAsync(HttpResponseMessage response, Uri url, CancellationToken cancellation)
    {
        using (response)
        {
            var text = await ServerText.OfAsync(this, response, cancellation);
            if (!Patience.IsPassing(response.StatusCode))
            {
                return new RefusedException(Show(url), response.StatusCode, text);
            }

            return new TransientException(
                $"{Show(url)}: {(int)response.StatusCode} {response.StatusCode}{(text.Length > 0 ? $" ({text})" : string.Empty)}", Patience.RetryAfter(response));
        }
    }
}
