using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Flip.Conversion.Download;

namespace Flip.Tests.Conversion.Download;

/// <summary>Servers that hold a client or flood it.</summary>
public sealed class HostileServerTests : IDisposable
{
    /// <summary>A window of seconds that a test can wait for.</summary>
    private const double Moment = 0.2;

    private readonly TemporaryFolder _folder = new();
    private readonly FakeHub _hub = new();
    private readonly List<string> _notices = [];

    public void Dispose()
    {
        _hub.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_file_that_comes_by_the_byte_is_left_and_can_be_continued()
    {
        var content = FakeHub.Bytes(100_000);
        _hub.Add("x.pt", content, isLarge: true, context => Trickle(context, content));
        var clock = Stopwatch.StartNew();
        await Fails(Moment, "only ", "bytes came in", "a server that sends less than 4096 a second is left", "what has arrived is kept");
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 10);
        Assert.InRange(new FileInfo(_folder.File("x.pt.part")).Length, 1, 1000);

        _hub.Server.Answers[FakeHub.PathOf("x.pt")] = context => LoopbackServer.Send(context, content);
        await Download().FromHubAsync(FakeHub.Name, "main", _folder.Path);
        Assert.Equal(content, File.ReadAllBytes(_folder.File("x.pt")));
    }

    [Fact]
    public async Task A_listing_or_a_reason_that_comes_by_the_byte_is_left()
    {
        _hub.Server.Answers[$"/api/models/flip/tiny/tree/{FakeHub.Commit}"] = context => Trickle(context, new byte[100_000]);
        await Fails(Moment, "a second is left");
        _hub.Server.Answers[$"/api/models/flip/tiny/tree/{FakeHub.Commit}"] = context =>
        {
            context.Response.StatusCode = 404;
            context.Response.ContentType = "text/plain";
            Trickle(context, new byte[10_000]);
        };
        await Fails(Moment, "404");
    }

    [Fact]
    public async Task Headers_without_end_are_refused()
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var sent = 0L;
        var serving = Task.Run(async () =>
        {
            for (var request = 0; request < 2; request++)
            {
                using var client = await server.AcceptTcpClientAsync();
                var line = Encoding.ASCII.GetBytes($"X-Flood: {new string('x', 1000)}\r\n");
                try
                {
                    await client.GetStream().WriteAsync("HTTP/1.1 200 OK\r\n"u8.ToArray());
                    for (; sent < 1L << 30; sent += line.Length)
                    {
                        await client.GetStream().WriteAsync(line);
                    }
                }
                catch (IOException)
                {
                    // The client went away.
                }
            }
        });
        var url = new Uri($"http://{server.LocalEndpoint}/x.pt");
        var error = await Assert.ThrowsAsync<DownloadException>(() => Download().FromUrlAsync(url, new string('0', 64), _folder.Path));
        Assert.Contains("headers length exceeded", error.Message, StringComparison.Ordinal);
        await serving;
        Assert.InRange(sent, 0, 32 << 20);
    }

    [Fact]
    public async Task A_listing_without_end_is_refused()
    {
        Lists("[" + string.Join(',', Enumerable.Range(0, 100_001).Select(i => $$"""{"type":"file","path":"{{i}}","size":1,"oid":"2e65efe2a145dda7ee51d1741299f848e5bf752e"}""")) + "]");
        await Fails("more than 100000 files");
    }

    [Fact]
    public async Task An_answer_without_end_is_refused()
    {
        Lists("[" + new string(' ', 17 << 20));
        await Fails("the answer is longer than 16777216 bytes");
    }

    [Fact]
    public async Task A_listing_with_a_name_without_end_is_refused()
    {
        Lists($$"""[{"type":"file","path":"{{new string('x', 1 << 20)}}","size":1,"oid":"2e65efe2a145dda7ee51d1741299f848e5bf752e"}]""");
        Assert.True((await Fails("names a file of 1048576 letters", "the most are 1024")).Length < 1000);
        Lists(new string('[', 1 << 20));
        await Fails("the answer is not a hub's");
    }

    [Fact]
    public async Task Pages_without_end_are_refused()
    {
        var url = $"/api/models/flip/tiny/tree/{FakeHub.Commit}";
        _hub.Server.Answers[url] = context =>
        {
            context.Response.Headers["Link"] = $"<{_hub.Server.Url}{url[1..]}?recursive=true>; rel=\"next\"";
            LoopbackServer.Status(context, 200, "[]", "application/json");
        };
        await Fails("more than 100 pages");
    }

    [Fact]
    public async Task A_server_cannot_ask_for_a_wait_of_years()
    {
        _hub.Add("x.pt", FakeHub.Bytes(10), answer: context =>
        {
            context.Response.Headers["Retry-After"] = "1000000000";
            LoopbackServer.Status(context, 503);
        });
        using var stop = new CancellationTokenSource();
        var download = new ModelDownload(Options with
        {
            Notice = notice =>
            {
                _notices.Add(notice);
                stop.Cancel();
            },
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => download.FromHubAsync(FakeHub.Name, "main", _folder.Path, stop.Token));
        Assert.Contains("trying again in 30 s", Assert.Single(_notices), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_packed_answer_is_refused_as_it_was_not_asked_for()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(new byte[1 << 20]);
        }

        _hub.Add("x.pt", new byte[1 << 20], isLarge: true, context =>
        {
            context.Response.Headers["Content-Encoding"] = "gzip";
            LoopbackServer.Send(context, packed.ToArray());
        });
        await Fails("comes packed (gzip)");
        Assert.Empty(Directory.EnumerateFiles(_folder.Path));
    }

    private DownloadOptions Options => new()
    {
        Hub = _hub.Server.Url,
        Notice = _notices.Add,
        Retries = 1,
        RetryDelay = TimeSpan.FromMilliseconds(1),
        Patience = TimeSpan.FromSeconds(10),
    };

    private ModelDownload Download(double window = 60) => new(Options with { RateWindow = TimeSpan.FromSeconds(window) });

    private Task<string> Fails(params string[] expected) => Fails(60, expected);

    private async Task<string> Fails(double window, params string[] expected)
    {
        var error = await Assert.ThrowsAsync<DownloadException>(() => Download(window).FromHubAsync(FakeHub.Name, "main", _folder.Path));
        Assert.All(expected, part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
        return error.Message;
    }

    private void Lists(string json)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        _hub.Server.Answers[$"/api/models/flip/tiny/tree/{FakeHub.Commit}"] = context => LoopbackServer.Send(context, bytes);
    }

    /// <summary>A few bytes now and then, until the client goes away.</summary>
    private static void Trickle(HttpListenerContext context, byte[] content)
    {
        var from = 0;
        if (context.Request.Headers["Range"] is { } range)
        {
            from = int.Parse(range["bytes=".Length..^1], null);
            context.Response.StatusCode = 206;
            context.Response.Headers["Content-Range"] = $"bytes {from}-{content.Length - 1}/{content.Length}";
        }

        context.Response.Headers["ETag"] = "\"v1\"";
        context.Response.ContentLength64 = content.Length - from;
        for (var i = from; i < content.Length; i++)
        {
            context.Response.OutputStream.Write(content, i, 1);
            context.Response.OutputStream.Flush();
            Thread.Sleep(20);
        }
    }
}
