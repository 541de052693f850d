using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Flip.Server;
using Flip.Server.Requests;
using Flip.Tests.Server;
using Flip.Tests.Serving;

namespace Flip.SlowTests.Server;

/// <summary>Clients that are slow, leave in the middle, or speak something else take neither threads nor memory for long.</summary>
public sealed class HostileConnectionsTests : IAsyncLifetime
{
    private static readonly ServerLimits Limits = new() { HeadersTime = TimeSpan.FromSeconds(1), RequestTime = TimeSpan.FromSeconds(20), Connections = 40, BodyRate = 10_000 };
    private static readonly string Body = $$"""{"model": "{{ServedTiny.Name}}", "input": "a red dog"}""";

    private ServerRig _rig = null!;

    public async ValueTask InitializeAsync() => _rig = await ServerRig.StartAsync(options: new ServerOptions { Limits = Limits });

    public async ValueTask DisposeAsync()
    {
        await AssertWell();
        await _rig.DisposeAsync();
    }

    [Fact]
    public async Task Headers_that_do_not_end_are_waited_for_as_long_as_they_may_take()
    {
        using var socket = await RawRequest.ConnectAsync(_rig.Server.Address);
        var clock = Stopwatch.StartNew();
        var reading = RawRequest.ReadAsync(socket);
        try
        {
            await socket.SendAsync("POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\n"u8.ToArray());
            while (!reading.IsCompleted && clock.Elapsed < TimeSpan.FromSeconds(20))
            {
                await socket.SendAsync("X: y\r\n"u8.ToArray()); // a header now and then
                await Task.Delay(200, TestContext.Current.CancellationToken);
            }
        }
        catch (SocketException)
        {
            // Closed.
        }

        Assert.Equal(408, RawRequest.Status(await reading) ?? 408);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.5, 10);
    }

    [Fact]
    public async Task A_body_that_drips_is_ended_and_its_memory_is_free()
    {
        using var socket = await RawRequest.ConnectAsync(_rig.Server.Address);
        await socket.SendAsync(RawRequest.Head("POST /v1/embeddings HTTP/1.1", "Content-Type: application/json", "Content-Length: 1000000"));
        var clock = Stopwatch.StartNew();
        var reading = RawRequest.ReadAsync(socket);
        try
        {
            while (!reading.IsCompleted)
            {
                await socket.SendAsync(" "u8.ToArray());
                await Task.Delay(100, TestContext.Current.CancellationToken);
            }
        }
        catch (SocketException)
        {
            // Closed.
        }

        Assert.Equal(408, RawRequest.Status(await reading) ?? 408);
        Assert.InRange(clock.Elapsed.TotalSeconds, 3, 18);
    }

    [Fact]
    public async Task A_client_that_ends_its_side_behind_the_request_is_answered_or_taken_as_one_that_has_left()
    {
        byte[] request = [.. RawRequest.Head("POST /v1/embeddings HTTP/1.1", "Content-Type: application/json", $"Content-Length: {Body.Length}"), .. Encoding.UTF8.GetBytes(Body)];
        for (var i = 0; i < 30; i++)
        {
            using var socket = await RawRequest.ConnectAsync(_rig.Server.Address);
            await socket.SendAsync(request);
            socket.Shutdown(SocketShutdown.Send);
            Assert.Equal(200, RawRequest.Status(await RawRequest.ReadAsync(socket)) ?? 200);
        }
    }

    [Theory]
    [InlineData("POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"mod")] // the rest does not come
    [InlineData("POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")]
    [InlineData("POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n")]
    [InlineData("POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n")]
    [InlineData("POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n")]
    [InlineData("POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nHost: other\r\n\r\n")]
    [InlineData("POST /v1/embeddings HTTP/1.1\r\n\r\n")]
    [InlineData("GET http://[/ HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [InlineData("GET /%00%ff%2e%2e/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    [InlineData("GET / HTTP/9.9\r\nHost: localhost\r\n\r\n")]
    [InlineData("\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003")] // TLS
    [InlineData("\r\n\r\n\r\n\r\n")]
    public async Task What_is_no_request_gets_an_answer_of_the_clients_fault_or_none(string text) =>
        Assert.InRange(RawRequest.Status(await RawRequest.SendAsync(_rig.Server.Address, Encoding.Latin1.GetBytes(text))) ?? 400, 400, 499 + 6);

    [Fact]
    public async Task Headers_that_are_too_many_or_too_long_are_refused()
    {
        var long1 = RawRequest.Head("GET /models HTTP/1.1", "X: " + new string('x', 20_000));
        var many = RawRequest.Head("GET /models HTTP/1.1", [.. Enumerable.Range(0, 100).Select(i => $"X{i}: y")]);
        Assert.Equal(431, RawRequest.Status(await RawRequest.SendAsync(_rig.Server.Address, long1)));
        Assert.Equal(431, RawRequest.Status(await RawRequest.SendAsync(_rig.Server.Address, many)));
    }

    [Fact]
    public async Task Connections_above_the_limit_are_closed_and_those_that_leave_make_room()
    {
        var sockets = new List<Socket>();
        try
        {
            for (var i = 0; i < Limits.Connections + 20; i++)
            {
                sockets.Add(await RawRequest.ConnectAsync(_rig.Server.Address));
            }

            await Task.Delay(100, TestContext.Current.CancellationToken);
            var closed = sockets.Count(socket => socket.Poll(0, SelectMode.SelectRead));
            Assert.InRange(closed, 15, Limits.Connections + 20);
        }
        finally
        {
            sockets.ForEach(socket => socket.Dispose());
        }
    }

    private async Task AssertWell()
    {
        var clock = Stopwatch.StartNew();
        while (_rig.Server.Memory.Left != Limits.BodyMemory || _rig.Engine.QueueLength != 0)
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), "what the client took is not free again");
            await Task.Delay(10);
        }

        int? status = null;
        while (status != 200)
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), "the server does not answer any more");
            var request = RawRequest.Head("POST /v1/embeddings HTTP/1.1", "Content-Type: application/json", $"Content-Length: {Body.Length}");
            status = RawRequest.Status(await RawRequest.SendAsync(_rig.Server.Address, (byte[])[.. request, .. Encoding.UTF8.GetBytes(Body)]));
        }

        Assert.Empty(_rig.Said);
    }
}
