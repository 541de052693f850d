using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Flip.SlowTests.Cli;
using Flip.Storage;
using Flip.Tests;
using Flip.Tests.Cli;
using Flip.Tests.Server;
using Flip.Tests.Serving;

namespace Flip.SlowTests.Server;

/// <summary><c>flip serve</c> in a process of its own.</summary>
[Collection(Alone.Name)]
public sealed class ServeCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _client = new();
    private readonly string _model;

    public ServeCommandTests() => TinyModel.Save(_model = _folder.File("mine"));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _client.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("auto", "auto")]
    [InlineData("auto", "fp32")]
    [InlineData("libtorch", "fp32")]
    public async Task Its_embeddings_are_those_of_flip_embed_to_the_last_bit(string runtime, string precision)
    {
        var (texts, images) = (ServedTiny.Texts(10), ServedTiny.Images(7));
        File.WriteAllLines(_folder.File("texts.txt"), texts);
        Directory.CreateDirectory(_folder.File("images"));
        foreach (var (i, image) in images.Index())
        {
            File.WriteAllBytes(_folder.File($"images/{i}.png"), image.ToArray());
        }

        float[] Embedded(string kind, string source)
        {
            var file = _folder.File($"{kind}.safetensors");
            var (code, _, error) = BoundedCommand.Run(["embed", _model, $"--{kind}", _folder.File(source), "--out", file, "--batch-size", "4", "--runtime", runtime, "--precision", precision]);
            Assert.True(code == 0, error);
            using var reader = new SafetensorsReader(file);
            return reader.ReadFloats("embeddings");
        }

        var port = FreePort();
        using var server = new FlipProcess("serve", _model, "--port", $"{port}", "--batch", "4", "--batch-wait", "100", "--runtime", runtime, "--precision", precision, "--json");
        await Ready(server, port);
        var ofTexts = await PostAsync(port, new { model = "mine", input = texts });
        Assert.Equal(Embedded("texts", "texts.txt"), ServerRig.Vectors(ofTexts).SelectMany(row => row));
        var ofImages = await PostAsync(port, new { model = "mine", input = images.Select(image => ServerRig.DataUri(image)) });
        Assert.Equal(Embedded("images", "images"), ServerRig.Vectors(ofImages).SelectMany(row => row));
        server.Send(FlipProcess.Signal.Terminate);
        var (code, output, _) = server.End();
        Assert.Equal(0, code);
        var line = JsonDocument.Parse(Assert.Single(output.Split('\n', StringSplitOptions.RemoveEmptyEntries))).RootElement;
        Assert.Equal(($"http://127.0.0.1:{port}", "mine"), (line.GetProperty("url").GetString(), line.GetProperty("model").GetString()));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_signal_lets_it_finish_what_has_come_and_end_well(bool isKey)
    {
        var port = FreePort();
        using var server = new FlipProcess("serve", _model, "--port", $"{port}", "--batch-wait", "2000");
        await Ready(server, port);
        var waiting = PostAsync(port, new { model = "mine", input = "a red dog" });
        await Task.Delay(500, Cancellation);
        server.Send(isKey ? FlipProcess.Signal.Interrupt : FlipProcess.Signal.Terminate);
        Assert.Single(ServerRig.Vectors(await waiting));
        var (code, output, _) = server.End();
        Assert.Equal(0, code);
        Assert.Equal($"Listening on http://127.0.0.1:{port}", output.Trim());
        await Assert.ThrowsAsync<HttpRequestException>(() => _client.GetAsync(new Uri($"http://127.0.0.1:{port}/health/live"), Cancellation));
    }

    [Fact]
    public async Task What_is_not_done_when_the_time_to_end_is_over_is_cut_off()
    {
        var port = FreePort();
        using var server = new FlipProcess("serve", _model, "--port", $"{port}", "--batch-wait", "10000", "--drain", "1");
        await Ready(server, port, seconds: 40);
        var waiting = PostAsync(port, new { model = "mine", input = "a red dog" });
        await Task.Delay(500, Cancellation);
        var clock = Stopwatch.StartNew();
        server.Send(FlipProcess.Signal.Terminate);
        Assert.Equal(0, server.End().Code);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.5, 8);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => waiting);
    }

    [Fact]
    public void An_address_that_others_reach_needs_a_key()
    {
        BoundedCommand.AssertFails(["serve", _model, "--host", "0.0.0.0", "--port", "0"], "--host 0.0.0.0", "--api-key-file");
        File.WriteAllText(_folder.File("key"), "short\n");
        BoundedCommand.AssertFails(["serve", _model, "--api-key-file", _folder.File("key")], "16 to 4096 visible ASCII characters");
        BoundedCommand.AssertFails(["serve", _model, "--host", "example.com"], "--host example.com: expected an address");
        BoundedCommand.AssertFails(["serve", _folder.File("nothing")], "no such file or folder");
        BoundedCommand.AssertFails(["serve", _model, "--queue", "8"], "the queue has 8 places");
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        BoundedCommand.AssertFails(["serve", _model, "--port", $"{((IPEndPoint)taken.LocalEndpoint).Port}"], "address already in use");
    }

    [Fact]
    public async Task A_key_is_made_and_shown_once()
    {
        var port = FreePort();
        using var server = new FlipProcess("serve", _model, "--port", $"{port}", "--generate-api-key");
        await Ready(server, port);
        using (var refused = await _client.GetAsync(new Uri($"http://127.0.0.1:{port}/models"), Cancellation))
        {
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        }

        server.Send(FlipProcess.Signal.Terminate);
        var (code, output, error) = server.End();
        Assert.Equal(0, code);
        Assert.DoesNotContain("flip-", output, StringComparison.Ordinal);
        Assert.Matches("The key, shown this once: flip-[A-Za-z0-9_-]{43}\n", error);
    }

    private async Task<JsonElement> PostAsync(int port, object body)
    {
        using var response = await _client.PostAsJsonAsync(new Uri($"http://127.0.0.1:{port}/v1/embeddings"), body, Cancellation);
        return await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(Cancellation);
    }

    private async Task Ready(FlipProcess server, int port, int seconds = 60)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using var response = await _client.GetAsync(new Uri($"http://127.0.0.1:{port}/health/ready"), Cancellation);
                if (response.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not yet.
            }

            Assert.False(server.HasEnded, "the server has ended");
            Assert.True(clock.Elapsed.TotalSeconds < seconds, "the server is not ready");
            await Task.Delay(50, Cancellation);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
