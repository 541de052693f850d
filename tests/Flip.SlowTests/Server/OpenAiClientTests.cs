using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using Flip.Server;
using Flip.Server.Security;
using Flip.Tests;
using Flip.Tests.Server;
using Flip.Tests.Serving;

namespace Flip.SlowTests.Server;

/// <summary>OpenAI's own client asks the server, which <c>npm install</c> in <c>tests/openai-client</c> gets.</summary>
public sealed class OpenAiClientTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task It_gets_the_embeddings_of_the_engine_and_reads_what_is_refused()
    {
        var scripts = SharedData.Test("openai-client");
        Assert.SkipUnless(Directory.Exists(Path.Combine(scripts, "node_modules", "openai")), "needs the npm package openai: npm install in tests/openai-client");
        using var folder = new TemporaryFolder();
        var key = ApiKey.Generate();
        await using var rig = await ServerRig.StartAsync(options: new ServerOptions { Key = key });
        var (texts, image) = (ServedTiny.Texts(6), ServedTiny.Images(1));
        File.WriteAllText(folder.File("request.json"), JsonSerializer.Serialize(
            new { BaseURL = new Uri(rig.Server.Address, "v1"), ApiKey = key.Text, Model = ServedTiny.Name, Texts = texts, Image = ServerRig.DataUri(image[0]) }, JsonSerializerOptions.Web));
        await RunAsync(Path.Combine(scripts, "embed.js"), folder.File("request.json"), folder.File("result.json"));

        var cancellation = TestContext.Current.CancellationToken;
        var result = JsonDocument.Parse(await File.ReadAllBytesAsync(folder.File("result.json"), cancellation)).RootElement;
        var expected = await rig.Engine.EmbedTextsAsync(texts, cancellation);
        Assert.Equal(ServedTiny.Name, result.GetProperty("models")[0].GetString());
        Assert.Equal(expected.Vectors, Vectors("many"));
        Assert.Equal(expected.Vectors, Vectors("plain"));
        Assert.Equal((await rig.Engine.EmbedTextsAsync([texts[0]], cancellation)).Vectors, Vectors("one"));
        Assert.Equal(await rig.Engine.EmbedImagesAsync(image, cancellation), Vectors("image"));
        Assert.Equal(expected.Tokens, result.GetProperty("tokens").GetInt64());
        var refused = result.GetProperty("refused");
        Assert.Equal(("NotFoundError", 404), (refused.GetProperty("kind").GetString(), refused.GetProperty("status").GetInt32()));
        Assert.Contains("This server has 'tiny' alone.", refused.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(("AuthenticationError", 401), (result.GetProperty("unknown").GetProperty("kind").GetString(), result.GetProperty("unknown").GetProperty("status").GetInt32()));

        List<float[]> Vectors(string name) => [.. result.GetProperty(name).EnumerateArray().Select(row => row.EnumerateArray().Select(number => (float)number.GetDouble()).ToArray())];
    }

    private static async Task RunAsync(params string[] arguments)
    {
        Process node;
        try
        {
            node = Process.Start(new ProcessStartInfo("node", arguments) { RedirectStandardError = true })!;
        }
        catch (Win32Exception)
        {
            Assert.Skip("needs Node");
            throw;
        }

        using (node)
        using (var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken))
        {
            limit.CancelAfter(Patience);
            var errors = node.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            try
            {
                await node.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                node.Kill(entireProcessTree: true);
                throw;
            }

            Assert.True(node.ExitCode == 0, await errors);
        }
    }
}
