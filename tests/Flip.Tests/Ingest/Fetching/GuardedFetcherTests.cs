using System.IO.Compression;
using System.Net;
using System.Text;
using Flip.Ingest.Fetching;

namespace Flip.Tests.Ingest.Fetching;

[Collection(Alone.Name)] // one test reads the process's memory
public sealed class GuardedFetcherTests
{
    private static readonly FetchOptions Near = new() { AllowPrivate = true, Timeout = TimeSpan.FromSeconds(20), MaxBytes = 100_000 };

    /// <summary>Of a machine whose loopback is the internet, but for one address.</summary>
    private static readonly FetchOptions Guarded = Near with { AllowPrivate = false, IsPrivate = address => !address.Equals(IPAddress.Loopback) };

    [Fact]
    public async Task A_file_comes_as_it_is()
    {
        using var server = new RawServer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
        Assert.Equal("hello", await FetchAsync(server.Url, Near));
        var request = Assert.Single(server.Requests);
        Assert.Contains("Accept-Encoding: identity", request, StringComparison.Ordinal);
        Assert.Contains("User-Agent: flip/", request, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("cat.jpg")]
    [InlineData("/cat.jpg")]
    [InlineData("ftp://a.example/cat.jpg")]
    [InlineData("file:///etc/passwd")]
    [InlineData("gopher://a.example")]
    [InlineData("data:image/png;base64,AAAA")]
    [InlineData("http://")]
    public Task What_is_no_address_of_http_is_a_bad_URL(string url) => FailsAsync(url, Near, FetchCause.BadUrl);

    [Fact]
    public Task Credentials_are_not_sent() => FailsAsync("http://me:secret@127.0.0.1/", Near, FetchCause.Credentials);

    [Theory]
    [InlineData("http://127.0.0.1/")]
    [InlineData("http://127.1/")]
    [InlineData("http://2130706433/")]
    [InlineData("http://0x7f000001/")]
    [InlineData("http://[::1]/")]
    [InlineData("http://[::ffff:127.0.0.1]/")]
    [InlineData("http://169.254.169.254/latest/meta-data")]
    [InlineData("http://localhost/")]
    [InlineData("https://127.0.0.1/")]
    public Task This_machine_is_not_asked(string url) => FailsAsync(url, Near with { AllowPrivate = false }, FetchCause.PrivateAddress, new FakeNames().With("localhost", ["127.0.0.1"]));

    [Fact]
    public async Task Every_address_of_a_name_is_vetted()
    {
        var names = new FakeNames().With("mixed.example", ["127.0.0.1", "10.0.0.1"]);
        using var server = new RawServer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await FailsAsync($"http://mixed.example:{server.Port}/", Guarded, FetchCause.PrivateAddress, names);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task A_connection_goes_to_the_address_that_was_vetted_and_a_name_that_changes_is_vetted_again()
    {
        using var server = new RawServer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
        var names = new FakeNames().With("turns.example", ["127.0.0.1"], ["10.0.0.1"]); // public at first, then private
        using var fetcher = new GuardedFetcher(Guarded with { NameLifetime = TimeSpan.FromMilliseconds(50) }, names);
        var url = $"http://turns.example:{server.Port}/";
        using (var body = await fetcher.FetchAsync(url, TestContext.Current.CancellationToken))
        {
            Assert.Equal(5, body.Length);
        }

        Assert.Equal(["turns.example"], names.Asked); // between the look and the leap nobody is asked again
        await Task.Delay(100, TestContext.Current.CancellationToken);
        Assert.Equal(FetchCause.PrivateAddress, (await Assert.ThrowsAsync<FetchException>(() => fetcher.FetchAsync(url, TestContext.Current.CancellationToken))).Cause);
        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData("http://10.0.0.1/", FetchCause.PrivateAddress)]
    [InlineData("http://[::1]/", FetchCause.PrivateAddress)]
    [InlineData("http://inner.example/", FetchCause.PrivateAddress)]
    [InlineData("//169.254.169.254/latest", FetchCause.PrivateAddress)]
    [InlineData("file:///etc/passwd", FetchCause.BadRedirect)]
    [InlineData("ftp://127.0.0.1/x", FetchCause.BadRedirect)]
    [InlineData("http://me:secret@127.0.0.1/", FetchCause.Credentials)]
    [InlineData("/again", FetchCause.TooManyRedirects)]
    [InlineData("", FetchCause.BadRedirect)]
    public async Task Each_redirect_is_vetted(string location, string cause)
    {
        using var server = new RawServer($"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        await FailsAsync(server.Url.AbsoluteUri, Guarded, cause, new FakeNames().With("inner.example", ["192.168.1.1"]));
        Assert.Equal(cause == FetchCause.TooManyRedirects ? 1 + Guarded.MaxRedirects : 1, server.Requests.Count);
    }

    [Fact]
    public async Task A_relative_redirect_is_followed_and_no_cookie_goes_with_it()
    {
        using var server = new RawServer((path, stream) => RawServer.SayAsync(stream, path == "/"
            ? "HTTP/1.1 301 Moved\r\nLocation: caf\u00c3\u00a9?a=b\r\nSet-Cookie: id=1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            : "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nmoved"));
        Assert.Equal("moved", await FetchAsync(server.Url, Guarded));
        Assert.StartsWith("GET /caf%C3%A9?a=b ", server.Requests.Last(), StringComparison.Ordinal);
        Assert.DoesNotContain("Cookie", server.Requests.Last(), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData(404, "HTTP Error 404: Not Found", false)]
    [InlineData(403, "HTTP Error 403: Forbidden", false)]
    [InlineData(410, "HTTP Error 410: Gone", false)]
    [InlineData(408, "HTTP Error 408: Request Timeout", true)]
    [InlineData(425, "HTTP Error 425", true)]
    [InlineData(429, "HTTP Error 429: Too Many Requests", true)]
    [InlineData(500, "HTTP Error 500: Internal Server Error", true)]
    [InlineData(503, "HTTP Error 503: Service Unavailable", true)]
    [InlineData(599, "HTTP Error 599", true)]
    [InlineData(999, "HTTP Error 999", true)]
    public async Task A_status_is_a_cause_that_passes_or_does_not(int status, string cause, bool isPassing)
    {
        using var server = new RawServer($"HTTP/1.1 {status} Whatever\r\nContent-Length: 0\r\nRetry-After: 7\r\n\r\n");
        var error = await FailsAsync(server.Url.AbsoluteUri, Near, cause);
        Assert.Equal((isPassing, TimeSpan.FromSeconds(7)), (error.IsPassing, error.RetryAfter));
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n", FetchCause.TooLarge)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", FetchCause.TooLarge)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello", FetchCause.CutShort)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", FetchCause.CutShort)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Encoding: zip\r\nContent-Length: 1\r\n\r\nx", FetchCause.BadEncoding)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: 1\r\n\r\nx", FetchCause.BadEncoding)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 15\r\n\r\nno gzip at all!", FetchCause.BadEncoding)]
    [InlineData("HTTP/1.1 200 OK\r\nX-Robots-Tag: noai\r\nContent-Length: 5\r\n\r\nhello", FetchCause.Robots)]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n\r\n", FetchCause.BadAnswer)]
    [InlineData("", FetchCause.ConnectionFailed)]
    public async Task A_fault_of_a_server_has_its_cause(string answer, string cause)
    {
        using var server = new RawServer(answer);
        await FailsAsync(server.Url.AbsoluteUri, Near, cause);
    }

    [Fact]
    public async Task Headers_without_end_are_refused()
    {
        using var server = new RawServer($"HTTP/1.1 200 OK\r\n{string.Concat(Enumerable.Repeat($"X: {new string('x', 1000)}\r\n", 200))}\r\n");
        await FailsAsync(server.Url.AbsoluteUri, Near, FetchCause.HeadersTooLarge);
    }

    [Fact]
    public async Task An_endless_body_ends_at_the_limit()
    {
        using var server = new RawServer(async (_, stream) =>
        {
            await RawServer.SayAsync(stream, "HTTP/1.1 200 OK\r\n\r\n");
            for (var more = new byte[10_000]; ;)
            {
                await stream.WriteAsync(more);
            }
        });
        await FailsAsync(server.Url.AbsoluteUri, Near, FetchCause.TooLarge);
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Le")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")]
    public async Task A_server_that_drips_is_left_when_the_whole_time_is_over(string begin)
    {
        using var server = new RawServer(async (_, stream) =>
        {
            await RawServer.SayAsync(stream, begin);
            while (true)
            {
                await Task.Delay(20);
                await stream.WriteAsync(begin.EndsWith("\r\n\r\n", StringComparison.Ordinal) ? "x"u8.ToArray() : []);
            }
        });
        var error = await FailsAsync(server.Url.AbsoluteUri, Near with { Timeout = TimeSpan.FromSeconds(0.3) }, FetchCause.TimedOut);
        Assert.True(error.IsPassing);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    public async Task A_packed_body_is_unpacked_within_the_limit(string coding)
    {
        foreach (var (length, fits) in new[] { (99_000, true), (100_000_000, false) })
        {
            var packed = Packed(coding, length);
            using var server = new RawServer(async (_, stream) =>
            {
                await RawServer.SayAsync(stream, $"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {packed.Length}\r\n\r\n");
                await stream.WriteAsync(packed);
            });
            if (fits)
            {
                Assert.Equal(new string('\0', length), await FetchAsync(server.Url, Near));
            }
            else
            {
                var before = GC.GetTotalAllocatedBytes();
                await FailsAsync(server.Url.AbsoluteUri, Near with { MaxBytes = 1_000_000 }, FetchCause.TooLarge);
                Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 20_000_000);
            }
        }
    }

    [Theory]
    [InlineData("http://nowhere.example/", FetchCause.NoSuchHost, false)]
    [InlineData("http://later.example/", FetchCause.NameFailed, true)]
    public async Task A_name_without_host_is_told_from_one_that_nobody_could_look_up(string url, string cause, bool isPassing)
    {
        var names = new FakeNames();
        using var fetcher = new GuardedFetcher(Near, names);
        for (var i = 0; i < 2; i++)
        {
            var error = await Assert.ThrowsAsync<FetchException>(() => fetcher.FetchAsync(url, TestContext.Current.CancellationToken));
            Assert.Equal((cause, isPassing), (error.Cause, error.IsPassing));
        }

        Assert.Equal(isPassing ? 2 : 1, names.Asked.Count); // that a name does not exist is kept
    }

    [Fact]
    public async Task A_stop_is_no_failure_of_the_file()
    {
        using var server = new RawServer((_, stream) => Task.Delay(Timeout.Infinite, TestContext.Current.CancellationToken));
        using var fetcher = new GuardedFetcher(Near);
        using var stop = new CancellationTokenSource(50);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fetcher.FetchAsync(server.Url.AbsoluteUri, stop.Token));
    }

    [Fact]
    public async Task Large_files_wait_for_one_another_where_memory_holds_one()
    {
        using var server = new RawServer(async (_, stream) =>
        {
            await RawServer.SayAsync(stream, "HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n");
            await stream.WriteAsync(new byte[2_000_000]);
        });
        using var fetcher = new GuardedFetcher(Near with { MaxBytes = 3_000_000, Memory = 1 });
        var bodies = Enumerable.Range(0, 4).Select(_ => fetcher.FetchAsync(server.Url.AbsoluteUri, TestContext.Current.CancellationToken)).ToList();
        for (var left = bodies.ToList(); left.Count > 0;)
        {
            var done = await Task.WhenAny(left);
            left.Remove(done);
            await Task.Delay(50, TestContext.Current.CancellationToken);
            Assert.DoesNotContain(left, other => other.IsCompleted); // none has come while this one is held
            (await done).Dispose();
        }
    }

    private static async Task<string> FetchAsync(Uri url, FetchOptions options)
    {
        using var fetcher = new GuardedFetcher(options);
        using var body = await fetcher.FetchAsync(url.AbsoluteUri, TestContext.Current.CancellationToken);
        return Encoding.Latin1.GetString(body.Content.Span);
    }

    private static async Task<FetchException> FailsAsync(string url, FetchOptions options, string cause, FakeNames? names = null)
    {
        using var fetcher = new GuardedFetcher(options, names);
        var error = await Assert.ThrowsAsync<FetchException>(() => fetcher.FetchAsync(url, TestContext.Current.CancellationToken));
        Assert.Equal(cause, error.Cause);
        return error;
    }

    private static byte[] Packed(string coding, int length)
    {
        using var packed = new MemoryStream();
        using (Stream stream = coding switch
        {
            "gzip" => new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true),
            "br" => new BrotliStream(packed, CompressionLevel.Fastest, leaveOpen: true),
            _ => new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true),
        })
        {
            for (var zeros = new byte[10_000]; length > 0; length -= zeros.Length)
            {
                stream.Write(zeros.AsSpan(0, Math.Min(length, zeros.Length)));
            }
        }

        return packed.ToArray();
    }
}
