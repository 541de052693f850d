using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Flip.Tests.Conversion.Download;

/// <summary>A web server on this machine for one test.</summary>
internal sealed class LoopbackServer : IDisposable
{
    private readonly HttpListener _listener;
    private readonly ConcurrentQueue<Seen> _seen = new();
    private readonly Task _loop;

    public LoopbackServer()
    {
        (_listener, Url) = Listen();
        _loop = Task.Run(ServeAsync);
    }

    /// <summary>Address, without a path.</summary>
    public Uri Url { get; }

    /// <summary>Answers of paths without their query; others are not found.</summary>
    public ConcurrentDictionary<string, Action<HttpListenerContext>> Answers { get; } = new();

    /// <summary>Answers what has no answer of its own; null for not found.</summary>
    public Action<HttpListenerContext>? Fallback { get; set; }

    /// <summary>Requests so far.</summary>
    public IReadOnlyList<Seen> Requests => [.. _seen];

    public IEnumerable<Seen> RequestsOf(string path) => Requests.Where(request => request.Path == path);

    public void Dispose()
    {
        _listener.Close();
        _loop.Wait(TimeSpan.FromSeconds(10));
    }

    public static void Status(HttpListenerContext context, int status, string text = "", string type = "text/plain")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        context.Response.Close(Encoding.UTF8.GetBytes(text), willBlock: true);
    }

    public static void Redirect(HttpListenerContext context, string location)
    {
        context.Response.StatusCode = 302;
        context.Response.Headers["Location"] = location;
        context.Response.Close();
    }

    /// <summary>Sends a file, or the range of it that is asked for.</summary>
    /// <param name="context">The request.</param>
    /// <param name="content">The whole file.</param>
    /// <param name="version">Its ETag; null for none.</param>
    /// <param name="knowsRanges">Whether ranges are understood.</param>
    /// <param name="cutAfter">How many bytes are sent before the connection is cut.</param>
    public static void Send(HttpListenerContext context, byte[] content, string? version = "\"v1\"", bool knowsRanges = true, int? cutAfter = null)
    {
        var response = context.Response;
        var range = knowsRanges && (context.Request.Headers["If-Range"] ?? version) == version ? context.Request.Headers["Range"] : null;
        var from = range is null ? 0 : int.Parse(range["bytes=".Length..^1], null);
        if (version is not null)
        {
            response.Headers["ETag"] = version;
        }

        if (from >= content.Length && from > 0)
        {
            response.Headers["Content-Range"] = $"bytes */{content.Length}";
            Status(context, 416);
            return;
        }

        if (range is not null)
        {
            response.StatusCode = 206;
            response.Headers["Content-Range"] = $"bytes {from}-{content.Length - 1}/{content.Length}";
        }

        response.ContentLength64 = content.Length - from;
        var sent = cutAfter ?? (content.Length - from);
        response.OutputStream.Write(content, from, sent);
        response.OutputStream.Flush();
        if (cutAfter is null)
        {
            response.Close();
        }
        else
        {
            // A cut throws away what the client has not read yet; it is to have read something.
            Thread.Sleep(50);
            response.Abort();
        }
    }

    private static (HttpListener Listener, Uri Url) Listen()
    {
        for (var attempt = 0; ; attempt++)
        {
            // HttpListener cannot choose a port itself; another process may take the one found here, hence the tries.
            using var probe = new TcpListener(IPAddress.Loopback, 0);
            probe.Start();
            var url = new Uri($"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/");
            probe.Stop();
            var listener = new HttpListener();
            listener.Prefixes.Add(url.AbsoluteUri);
            try
            {
                listener.Start();
                return (listener, url);
            }
            catch (HttpListenerException) when (attempt < 20)
            {
                listener.Close();
            }
        }
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }

            _ = Task.Run(() => Answer(context));
        }
    }

    private void Answer(HttpListenerContext context)
    {
        var path = context.Request.Url!.AbsolutePath;
        _seen.Enqueue(new Seen(
            path, context.Request.RawUrl!, context.Request.Headers["Range"], context.Request.Headers["If-Range"], context.Request.Headers["Authorization"]));
        try
        {
            if (Answers.TryGetValue(path, out var answer))
            {
                answer(context);
            }
            else if (Fallback is { } fallback)
            {
                fallback(context);
            }
            else
            {
                Status(context, 404, "nothing here");
            }
        }
        catch (Exception e) when (e is HttpListenerException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The client went away.
        }
    }

    /// <param name="Path">The path that was asked for.</param>
    /// <param name="RawUrl">Path and query.</param>
    /// <param name="Range">Header Range.</param>
    /// <param name="IfRange">Header If-Range.</param>
    /// <param name="Authorization">Header Authorization.</param>
    public sealed record Seen(string Path, string RawUrl, string? Range, string? IfRange, string? Authorization);
}
