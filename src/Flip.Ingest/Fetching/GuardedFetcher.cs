using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Flip.Ingest.Fetching;

/// <summary>
/// Fetches files from addresses that strangers have written: from hosts of the internet alone (<see cref="GuardedConnector"/>), each redirect looked at anew, within bounds of
/// time and bytes, with what <c>X-Robots-Tag</c> forbids left alone. No cookie and no credential is ever sent. Safe to call from several threads.
/// </summary>
public sealed class GuardedFetcher : IDisposable
{
    private const int MaxHeaders = 64; // KiB of an answer's headers
    private const string Agent = "flip";
    private const string RobotsHeader = "X-Robots-Tag";
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5); // a name may stand for another host then
    private static readonly TimeSpan IdleLifetime = TimeSpan.FromSeconds(15); // thousands of hosts are asked once or twice

    private readonly FetchOptions _options;
    private readonly HttpClient _client;
    private readonly GuardedConnector _connector;
    private readonly RobotsDirectives _robots;
    private readonly BodyMemory _memory;
    private readonly SystemResolver? _system;

    /// <param name="options">Bounds and manners.</param>
    /// <param name="resolver">Learns what names stand for; null for the system's.</param>
    /// <exception cref="ConfigException">The token is no name of an agent.</exception>
    public GuardedFetcher(FetchOptions options, IHostResolver? resolver = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        var token = options.UserAgentToken;
        if (token is not null && !token.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
        {
            throw new ConfigException($"--user-agent-token '{token}': letters, digits, '-', '_' and '.' alone.");
        }

        _system = resolver is null ? new SystemResolver() : null;
        _connector = new GuardedConnector(new CachedResolver(resolver ?? _system!, options.NameLifetime), options.AllowPrivate ? _ => false : options.IsPrivate);
        _robots = new RobotsDirectives(token is null ? [Agent] : [Agent, token], options.DisallowedDirectives);
        _memory = new BodyMemory(options.Memory, options.MaxBytes);
        _client = new HttpClient(Handler()) { Timeout = Timeout.InfiniteTimeSpan };
        var version = typeof(GuardedFetcher).Assembly.GetName().Version?.ToString(3);
        _client.DefaultRequestHeaders.UserAgent.ParseAdd(token is null ? $"{Agent}/{version}" : $"{Agent}/{version} (compatible; {token})");
        _client.DefaultRequestHeaders.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
        _client.DefaultRequestHeaders.Accept.ParseAdd("image/*, */*;q=0.5");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _client.Dispose();
        _memory.Dispose();
        _system?.Dispose();
    }

    /// <summary>Fetches a file, once.</summary>
    /// <param name="url">Its address.</param>
    /// <param name="cancellation">Stops.</param>
    /// <exception cref="FetchException">It did not come.</exception>
    public async Task<FetchedBody> FetchAsync(string url, CancellationToken cancellation = default)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limited.CancelAfter(_options.Timeout);
        var at = FetchAddress.Read(url);
        try
        {
            return await FetchAsync(at, limited.Token);
        }
        catch (Exception e) when (e is not FetchException && (e is OperationCanceledException ? !cancellation.IsCancellationRequested : FetchFailure.IsKnown(e)))
        {
            throw FetchFailure.Of(e, at, _options.Timeout);
        }
    }

    private async Task<FetchedBody> FetchAsync(Uri url, CancellationToken cancellation)
    {
        for (var hop = 0; ; hop++)
        {
            _connector.CheckLiteral(url); // a proxy's connection is not ours to vet
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            if (response.StatusCode is not (HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
                or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect))
            {
                return await BodyAsync(response, cancellation);
            }

            if (hop == _options.MaxRedirects)
            {
                throw new FetchException(FetchCause.TooManyRedirects, $"more than {_options.MaxRedirects}");
            }

            url = FetchAddress.Follow(url, response.Headers.NonValidated.TryGetValues("Location", out var locations) ? locations.ToString() : null);
        }
    }

    private async Task<FetchedBody> BodyAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        if (!response.IsSuccessStatusCode)
        {
            var wait = response.Headers.RetryAfter is { } after ? after.Delta ?? after.Date - DateTimeOffset.UtcNow : null;
            throw new FetchException(FetchCause.OfStatus(response.StatusCode), FetchAddress.Show(response.RequestMessage!.RequestUri!), wait);
        }

        if (response.Headers.NonValidated.TryGetValues(RobotsHeader, out var robots) && _robots.Forbidding(robots) is { } directive)
        {
            throw new FetchException(FetchCause.Robots, directive);
        }

        var length = response.Content.Headers.ContentLength ?? 0;
        if (length > _options.MaxBytes)
        {
            throw new FetchException(FetchCause.TooLarge, $"{length} bytes are announced, at most {_options.MaxBytes} are taken");
        }

        var body = new FetchedBody(_memory, _options.MaxBytes);
        try
        {
            await using var stream = BodyCoding.Unpacked(await response.Content.ReadAsStreamAsync(cancellation), response.Content.Headers.ContentEncoding);
            await body.ReadAsync(stream, length, cancellation);
            return body;
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    private SocketsHttpHandler Handler() => new()
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectCallback = _options.UseProxy ? null : _connector.ConnectAsync,
        ConnectTimeout = _options.Timeout,
        MaxConnectionsPerServer = _options.PerHost,
        MaxResponseHeadersLength = MaxHeaders,
        PooledConnectionIdleTimeout = IdleLifetime,
        PooledConnectionLifetime = ConnectionLifetime,
        ResponseHeaderEncodingSelector = (_, _) => Encoding.UTF8,
        UseCookies = false,
        UseProxy = _options.UseProxy,
    };
}
