using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Flip.Server;
using Flip.Server.Models;
using Flip.Serving;
using Flip.Tests.Serving;

namespace Flip.Tests.Server;

/// <summary>A server on loopback with a small model, and a client of it.</summary>
internal sealed class ServerRig : IAsyncDisposable
{
    private ServerRig(FlipEngine engine, FlipServer server, ServedIndex? index, ConcurrentQueue<string> said)
    {
        (Engine, Server, Index, Said) = (engine, server, index, said);
        Client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = server.Address };
    }

    public FlipEngine Engine { get; }

    public FlipServer Server { get; }

    /// <summary>What is searched; owned. Null without.</summary>
    public ServedIndex? Index { get; }

    public HttpClient Client { get; }

    /// <summary>What the server said of itself.</summary>
    public ConcurrentQueue<string> Said { get; }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Starts a server.</summary>
    /// <param name="model">What is served; null for both towers of the tiny model.</param>
    /// <param name="options">Where and for whom; null for the defaults.</param>
    /// <param name="engine">How requests are gathered; null for short waits.</param>
    /// <param name="index">What is searched; owned from here on. Null for no search.</param>
    public static async Task<ServerRig> StartAsync(ServedModel? model = null, ServerOptions? options = null, EngineOptions? engine = null, ServedIndex? index = null)
    {
        var made = new FlipEngine(model ?? ServedTiny.Towers(), engine ?? new EngineOptions { MaxWait = TimeSpan.FromMilliseconds(1) });
        var said = new ConcurrentQueue<string>();
        try
        {
            return new ServerRig(made, await FlipServer.StartAsync(made, options ?? new ServerOptions(), index, say: said.Enqueue, cancellation: Cancellation), index, said);
        }
        catch
        {
            await made.DisposeAsync();
            throw;
        }
    }

    public static string DataUri(ReadOnlyMemory<byte> image, string type = "image/png") => $"data:{type};base64,{Convert.ToBase64String(image.Span)}";

    /// <summary>An answer to JSON.</summary>
    public async Task<(int Status, JsonElement Body)> PostAsync(string path, object body)
    {
        using var response = await Client.PostAsJsonAsync(path, body, Cancellation);
        return await ReadAsync(response);
    }

    /// <summary>An answer to whatever text.</summary>
    public async Task<(int Status, JsonElement Body)> PostTextAsync(string path, string body, string type = "application/json")
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        using var response = await Client.PostAsync(path, content, Cancellation);
        return await ReadAsync(response);
    }

    public async Task<(int Status, JsonElement Body)> SendAsync(HttpMethod method, string path, HttpContent? content = null, Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        change?.Invoke(request);
        using var response = await Client.SendAsync(request, Cancellation);
        return await ReadAsync(response);
    }

    /// <summary>The vectors of an answer of embeddings.</summary>
    public static List<float[]> Vectors(JsonElement body) =>
        [.. body.GetProperty("data").EnumerateArray().Select(item => item.GetProperty("embedding").EnumerateArray().Select(number => number.GetSingle()).ToArray())];

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Server.StopAsync();
        await Server.DisposeAsync();
        await Engine.DisposeAsync();
        Index?.Dispose();
    }

    private static async Task<(int Status, JsonElement Body)> ReadAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync(Cancellation);
        var isJson = response.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.Ordinal) == true;
        return ((int)response.StatusCode, isJson ? JsonDocument.Parse(text).RootElement : JsonSerializer.SerializeToElement(text));
    }
}
