using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;

namespace Flip.Benchmarks.Load;

/// <summary>Clients that each send their next request when the last one is answered.</summary>
internal sealed class ClientLoad : IDisposable
{
    private readonly HttpClient _http;
    private readonly IReadOnlyList<RequestBody> _bodies;
    private readonly int _clients;

    public ClientLoad(Uri address, IReadOnlyList<RequestBody> bodies, int clients)
    {
        (_bodies, _clients) = (bodies, clients);
        var handler = new SocketsHttpHandler { MaxConnectionsPerServer = clients, UseProxy = false };
        _http = new HttpClient(handler) { BaseAddress = address, Timeout = TimeSpan.FromMinutes(2) };
    }

    /// <summary>Sends for a time; what is then in flight is waited for and not counted.</summary>
    /// <returns>Every answer of that time, and how long it took. A status of 0 is none: the connection broke.</returns>
    public async Task<IReadOnlyCollection<(HttpStatusCode Status, TimeSpan Wait)>> RunAsync(TimeSpan time, CancellationToken cancellation)
    {
        var answers = new ConcurrentBag<(HttpStatusCode, TimeSpan)>();
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, _clients).Select(async client =>
        {
            for (var i = client; clock.Elapsed < time; i += _clients)
            {
                var sent = clock.Elapsed;
                var status = await SendAsync(_bodies[i % _bodies.Count], cancellation);
                if (clock.Elapsed <= time)
                {
                    answers.Add((status, clock.Elapsed - sent));
                }

                if (status != HttpStatusCode.OK)
                {
                    await Task.Delay(100, cancellation); // a refused client comes again later
                }
            }
        }));
        return answers;
    }

    public void Dispose() => _http.Dispose();

    private async Task<HttpStatusCode> SendAsync(RequestBody body, CancellationToken cancellation)
    {
        try
        {
            using var content = new ByteArrayContent(body.Content);
            content.Headers.ContentType = body.Type;
            using var response = await _http.PostAsync(new Uri(body.Path, UriKind.Relative), content, cancellation);
            await response.Content.CopyToAsync(Stream.Null, cancellation);
            return response.StatusCode;
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !cancellation.IsCancellationRequested)) // the latter: no answer in time
        {
            return 0;
        }
    }
}
