using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Flip.Tests.Ingest.Fetching;

/// <summary>A server on this machine that says whatever a test lets it say, HTTP or not. One request a connection.</summary>
internal sealed class RawServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<string, Stream, Task> _answer;
    private readonly CancellationTokenSource _stop = new();

    /// <param name="answer">Takes the path and the stream that the answer goes to; the connection is closed behind it.</param>
    public RawServer(Func<string, Stream, Task> answer)
    {
        _answer = answer;
        _listener.Start();
        _ = Task.Run(ServeAsync);
    }

    public RawServer(string answer)
        : this((_, stream) => SayAsync(stream, answer))
    {
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public Uri Url => new($"http://127.0.0.1:{Port}/");

    /// <summary>Requests so far, as they came.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Cancelled when the test is over.</summary>
    public CancellationToken Stopped => _stop.Token;

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Stop();
        _stop.Dispose();
    }

    public static async Task SayAsync(Stream stream, string text) => await stream.WriteAsync(Encoding.Latin1.GetBytes(text));

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                _ = Task.Run(() => AnswerAsync(client));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                var (request, buffer) = (new StringBuilder(), new byte[4096]);
                while (!request.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
                {
                    var count = await stream.ReadAsync(buffer, _stop.Token);
                    if (count == 0)
                    {
                        return;
                    }

                    request.Append(Encoding.Latin1.GetString(buffer, 0, count));
                }

                Requests.Enqueue(request.ToString());
                await _answer(request.ToString().Split(' ')[1], stream);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
            {
                // The client went away, or the test is over.
            }
        }
    }
}
