using System.Net;
using System.Net.Http.Headers;
using Flip.Network;

namespace Flip.Data.Stores;

/// <summary>Files behind http(s), in parts by range requests. Bytes come as they are: a compressed answer has no places.</summary>
internal sealed class HttpStore : IStore
{
    private readonly HttpClient _client;
    private readonly StoreOptions _options;

    /// <summary>A client.</summary>
    /// <param name="options">How long an answer may take to begin.</param>
    public HttpStore(StoreOptions options)
    {
        _options = options;
        _client = new HttpClient(new SocketsHttpHandler
        {
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = options.Patience,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5), // a name may lead elsewhere later
            UseCookies = false,
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("flip", typeof(HttpStore).Assembly.GetName().Version?.ToString(3)));
    }

    /// <inheritdoc/>
    public async Task<StoredFile> StatAsync(string address, CancellationToken cancellation)
    {
        using (var head = await SendAsync(HttpMethod.Head, address, null, cancellation))
        {
            if (head.IsSuccessStatusCode && head.Content.Headers.ContentLength is { } length)
            {
                return new StoredFile(address, length, Version(head));
            }
        }

        // Addresses that are signed for GET alone refuse HEAD.
        await using var body = await OpenAsync(address, 0, 1, cancellation);
        return body.File;
    }

    /// <inheritdoc/>
    public async Task<StoredBody> OpenAsync(string address, long offset, long? length, CancellationToken cancellation)
    {
        var range = offset == 0 && length is null ? null : new RangeHeaderValue(offset, offset + length - 1);
        var response = await SendAsync(HttpMethod.Get, address, range, cancellation);
        try
        {
            if (!response.IsSuccessStatusCode)
            {
                throw Failure(response, address);
            }

            if (response.Content.Headers.ContentEncoding.Any(coding => !coding.Equals("identity", StringComparison.OrdinalIgnoreCase)))
            {
                throw new StoreException($"{StoreAddress.Show(address)}: comes packed, and was asked for as it is.");
            }

            var content = response.Content.Headers;
            var whole = range is null ? content.ContentLength : content.ContentRange?.Length;
            if (range is not null && (response.StatusCode != HttpStatusCode.PartialContent || content.ContentRange?.From != offset))
            {
                throw new StoreException($"{StoreAddress.Show(address)}: the server gives files only as a whole, and a part was asked for (range requests).");
            }

            return new StoredBody(
                new StoredFile(address, whole ?? throw new StoreException($"{StoreAddress.Show(address)}: the server does not say how long the file is."), Version(response)),
                await response.Content.ReadAsStreamAsync(cancellation),
                response);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredFile> ListAsync(string prefix, CancellationToken cancellation) => throw new StoreException(
        $"{StoreAddress.Show(prefix)}: a web server lists no files. Name the shards in braces, such as {StoreAddress.Show(StoreAddress.FolderOf(prefix))}{{00000..00041}}.tar");

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private static string? Version(HttpResponseMessage response) => response.Headers.ETag?.Tag ?? response.Content.Headers.LastModified?.ToString("R");

    private static Exception Failure(HttpResponseMessage response, string address)
    {
        var message = $"{StoreAddress.Show(address)}: {(int)response.StatusCode} {response.StatusCode}";
        return Patience.IsPassing(response.StatusCode)
            ? new TransientException(message, Patience.RetryAfter(response))
            : new StoreException(message + ".") { IsMissing = response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone or HttpStatusCode.Forbidden };
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string address, RangeHeaderValue? range, CancellationToken cancellation)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var url))
        {
            throw new StoreException($"'{StoreAddress.Show(address)}' is no address.");
        }

        using var request = new HttpRequestMessage(method, url);
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
        request.Headers.Range = range;
        try
        {
            return await Patience.WithinAsync(
                _options.Patience, token => _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token), cancellation);
        }
        catch (HttpRequestException e)
        {
            throw new StoreException($"{StoreAddress.Show(address)}: {e.Message.TrimEnd('.')}; check the address, the connection to the network and its proxy.", e);
        }
    }
}
