using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Flip.Benchmarks.Download;

/// <summary>A web server on this machine that answers every request with one of a few images after a wait. It keeps connections, and does as little as it can: what is measured is its client.</summary>
internal sealed class ImageServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<byte[]> _answers;
    private readonly TimeSpan _latency;

    /// <param name="images">Image files; a path's number says which.</param>
    /// <param name="latency">Wait before each answer.</param>
    public ImageServer(IEnumerable<byte[]> images, TimeSpan latency)
    {
        _latency = latency;
        _answers = [.. images.Select(Answer)];
        _listener.Start(backlog: 4096);
        _ = ServeAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public void Dispose() => _listener.Dispose();

    private static byte[] Answer(byte[] image) =>
        [.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {image.Length}\r\n\r\n")), .. image];

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptSocketAsync();
                client.NoDelay = true;
                _ = ServeAsync(client);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The end.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using (client)
        {
            try
            {
                var buffer = new byte[8192];
                for (var length = 0; ;)
                {
                    var count = await client.ReceiveAsync(buffer.AsMemory(length));
                    length += count;
                    if (count == 0 || length == buffer.Length)
                    {
                        return;
                    }

                    if (buffer.AsSpan(0, length).EndsWith("\r\n\r\n"u8))
                    {
                        await Task.Delay(_latency);
                        await client.SendAsync(_answers[Number(buffer) % _answers.Count]);
                        length = 0;
                    }
                }
            }
            catch (SocketException)
            {
                // The client went away.
            }
        }
    }

    /// <summary>The number in <c>GET /123.jpg</c>.</summary>
    private static int Number(ReadOnlySpan<byte> request)
    {
        var path = request["GET /".Length..];
        return int.Parse(path[..path.IndexOf((byte)'.')], CultureInfo.InvariantCulture);
    }
}
