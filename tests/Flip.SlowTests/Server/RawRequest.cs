using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Flip.SlowTests.Server;

/// <summary>Bytes sent to a server as they are, HTTP or not.</summary>
internal static class RawRequest
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(250);

    public static async Task<Socket> ConnectAsync(Uri server)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, server.Port);
        return socket;
    }

    public static byte[] Head(string line, params string[] headers) =>
        Encoding.Latin1.GetBytes(string.Join("\r\n", [line, "Host: localhost", "Connection: close", .. headers, "", ""]));

    /// <summary>All that comes until the server closes the connection.</summary>
    public static async Task<string> ReadAsync(Socket socket)
    {
        using var limit = new CancellationTokenSource(Patience);
        var (all, buffer) = (new MemoryStream(), new byte[1 << 14]);
        try
        {
            while (await socket.ReceiveAsync(buffer, limit.Token) is > 0 and var count)
            {
                all.Write(buffer, 0, count);
            }
        }
        catch (SocketException)
        {
            // Reset: what was sent was not all read.
        }

        return Encoding.Latin1.GetString(all.ToArray());
    }

    /// <summary>Sends bytes and reads the answer; where none comes soon, since the server waits for more, it ends its side.</summary>
    public static async Task<string> SendAsync(Uri server, ReadOnlyMemory<byte> bytes)
    {
        using var socket = await ConnectAsync(server);
        var reading = ReadAsync(socket);
        try
        {
            for (var sent = 0; sent < bytes.Length;)
            {
                sent += await socket.SendAsync(bytes[sent..]);
            }

            if (await Task.WhenAny(reading, Task.Delay(Soon)) != reading)
            {
                socket.Shutdown(SocketShutdown.Send);
            }
        }
        catch (SocketException)
        {
            // The server has closed it in the middle; it may have answered before.
        }

        return await reading;
    }

    /// <summary>The status of an answer; null where there is none.</summary>
    public static int? Status(string answer)
    {
        var at = answer.LastIndexOf("HTTP/1.1 ", StringComparison.Ordinal); // behind a 100 Continue
        return at >= 0 && int.TryParse(answer.AsSpan(at + 9, Math.Min(3, answer.Length - at - 9)), out var status) ? status : null;
    }
}
