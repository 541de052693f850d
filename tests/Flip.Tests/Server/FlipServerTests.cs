using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Flip.Server;
using Flip.Server.Requests;
using Flip.Server.Security;
using Flip.Serving;
using Flip.Tests.Serving;

namespace Flip.Tests.Server;

public sealed class FlipServerTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_tells_what_is_served_and_describes_itself()
    {
        await using var rig = await ServerRig.StartAsync();
        var (_, models) = await rig.SendAsync(HttpMethod.Get, "/models");
        var model = models.GetProperty("models")[0];
        Assert.Equal((ServedTiny.Name, 8, 16, 4), (
            model.GetProperty("name").GetString(), model.GetProperty("embed_dim").GetInt32(), model.GetProperty("image_size").GetInt32(), model.GetProperty("batch_size").GetInt32()));
        Assert.Equal(["embeddings"], model.GetProperty("abilities").EnumerateArray().Select(ability => ability.GetString()));
        Assert.Equal(ServedTiny.Name, (await rig.SendAsync(HttpMethod.Get, "/v1/models")).Body.GetProperty("data")[0].GetProperty("id").GetString());
        Assert.Equal("model", (await rig.SendAsync(HttpMethod.Get, "/v1/models/tiny")).Body.GetProperty("object").GetString());
        Assert.Equal(200, (await rig.SendAsync(HttpMethod.Get, "/health/live")).Status);
        Assert.Equal(200, (await rig.SendAsync(HttpMethod.Get, "/health/ready")).Status);

        var (status, openApi) = await rig.SendAsync(HttpMethod.Get, "/openapi/v1.json");
        Assert.Equal(200, status);
        var paths = openApi.GetProperty("paths").EnumerateObject().ToDictionary(path => path.Name, path => path.Value);
        Assert.Superset(
            new HashSet<string> { "/v1/embeddings", "/embeddings_image", "/classify", "/rank", "/caption", "/answer", "/models", "/v1/models", "/health/live", "/health/ready" },
            paths.Keys.ToHashSet());
        var schema = openApi.GetProperty("components").GetProperty("schemas").GetProperty("EmbeddingRequest").GetProperty("properties");
        Assert.Equal(["dimensions", "encoding_format", "input", "model", "user"], schema.EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task It_counts_for_prometheus()
    {
        await using var rig = await ServerRig.StartAsync();
        await rig.PostAsync("/v1/embeddings", new { model = ServedTiny.Name, input = new[] { "a", "b" } });
        var (status, text) = await rig.SendAsync(HttpMethod.Get, "/metrics");
        Assert.Equal(200, status);
        Assert.Contains("flip_items_total{", text.GetString(), StringComparison.Ordinal);
        Assert.Contains("kind=\"texts\"", text.GetString(), StringComparison.Ordinal);
        Assert.Contains("flip_batch_size_bucket{", text.GetString(), StringComparison.Ordinal);
        Assert.Contains("flip_queue_length", text.GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_answer_has_headers_that_keep_browsers_apart_and_none_that_lets_other_origins_in()
    {
        await using var rig = await ServerRig.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/nothing");
        request.Headers.Add("Origin", "https://example.com");
        using var response = await rig.Client.SendAsync(request, Cancellation);
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("default-src 'none'; frame-ancestors 'none'", response.Headers.GetValues("Content-Security-Policy").Single());
        Assert.Equal("same-origin", response.Headers.GetValues("Cross-Origin-Resource-Policy").Single());
        Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
        Assert.False(response.Headers.Contains("Server"));
    }

    [Fact]
    public async Task A_server_with_a_key_answers_who_shows_it_and_tells_all_whether_it_lives()
    {
        var key = ApiKey.Generate();
        await using var rig = await ServerRig.StartAsync(options: new ServerOptions { Key = key });
        string?[] wrong = [null, "", "Bearer", "Bearer ", $"Bearer {key.Text}x", $"Bearer {key.Text[..^1]}", $"Basic {key.Text}", key.Text];
        foreach (var header in wrong)
        {
            foreach (var path in (string[])["/models", "/v1/models", "/metrics", "/openapi/v1.json", "/page", "/nothing", "/Health/../models"])
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, path);
                if (header is not null)
                {
                    request.Headers.TryAddWithoutValidation("Authorization", header);
                }

                using var response = await rig.Client.SendAsync(request, Cancellation);
                Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
                Assert.Equal("Bearer", response.Headers.WwwAuthenticate.ToString());
            }
        }

        Assert.Equal(200, (await rig.SendAsync(HttpMethod.Get, "/health/ready")).Status);
        rig.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key.Text);
        Assert.Equal(200, (await rig.SendAsync(HttpMethod.Get, "/models")).Status);
        Assert.Equal(200, (await rig.SendAsync(HttpMethod.Get, "/models", change: request => request.Headers.Host = "flip.example.com")).Status);
    }

    [Fact]
    public async Task Without_a_key_it_answers_to_names_of_this_machine_alone()
    {
        await using var rig = await ServerRig.StartAsync(options: new ServerOptions { AllowedHosts = ["flip.example.com"] });
        foreach (var (host, expected) in new (string, int)[] { ("localhost", 200), ("127.0.0.1:80", 200), ("[::1]", 200), ("FLIP.example.com", 200), ("evil.example.com", 421), ("127.0.0.1.example.com", 421) })
        {
            Assert.Equal(expected, (await rig.SendAsync(HttpMethod.Get, "/models", change: request => request.Headers.Host = host)).Status);
        }
    }

    [Fact]
    public async Task A_full_queue_is_429_with_a_time_and_a_client_that_leaves_frees_its_places()
    {
        using var scorer = new HeldScorer();
        scorer.Let(); // to warm up
        await using var rig = await ServerRig.StartAsync(
            ServedTiny.Of(scorer),
            new ServerOptions { Limits = new ServerLimits { Texts = 1, Images = 4 } },
            new EngineOptions { MaxWait = TimeSpan.Zero, QueueLength = 4 });
        var image = ServerRig.DataUri(ServedTiny.Images(1)[0]);
        var running = rig.PostAsync("/classify", new { image });
        await scorer.Began(2);
        using var leaves = new CancellationTokenSource();
        var waiting = rig.Client.PostAsJsonAsync("/classify", new { images = new[] { image, image, image } }, leaves.Token);
        await WaitFor(() => rig.Engine.QueueLength == 3);
        using (var refused = await rig.Client.PostAsJsonAsync("/classify", new { images = new[] { image, image } }, Cancellation))
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
            Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
            Assert.Equal("application/problem+json", refused.Content.Headers.ContentType!.MediaType);
        }

        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await WaitFor(() => rig.Engine.QueueLength == 0);
        scorer.Let();
        Assert.Equal(200, (await running).Status);
        Assert.Equal([1, 1], scorer.Batches);
    }

    [Fact]
    public async Task A_request_that_takes_too_long_is_503_and_leaves()
    {
        using var scorer = new HeldScorer();
        scorer.Let();
        await using var rig = await ServerRig.StartAsync(ServedTiny.Of(scorer), new ServerOptions { Limits = new ServerLimits { RequestTime = TimeSpan.FromSeconds(1) } });
        using var response = await rig.Client.PostAsJsonAsync("/classify", new { image = ServerRig.DataUri(ServedTiny.Images(1)[0]) }, Cancellation);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
        Assert.Contains("not done within its time", await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        scorer.Let();
    }

    [Fact]
    public async Task What_fails_within_is_503_and_told_without_contents()
    {
        using var scorer = new HeldScorer();
        scorer.Let(2);
        await using var rig = await ServerRig.StartAsync(ServedTiny.Of(scorer));
        scorer.Fails = true;
        var (status, problem) = await rig.PostAsync("/classify", new { image = ServerRig.DataUri(ServedTiny.Images(1)[0]) });
        Assert.Equal(503, status);
        Assert.Equal("The server could not compute this request.", problem.GetProperty("detail").GetString());
        Assert.StartsWith("POST /classify failed: ArithmeticException at ", Assert.Single(rig.Said), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_that_have_come_are_finished_when_it_stops()
    {
        using var scorer = new HeldScorer();
        scorer.Let();
        await using var rig = await ServerRig.StartAsync(ServedTiny.Of(scorer));
        var running = rig.PostAsync("/classify", new { image = ServerRig.DataUri(ServedTiny.Images(1)[0]) });
        await scorer.Began(2);
        var stopping = rig.Server.StopAsync();
        using var other = new HttpClient();
        await WaitFor(() => other.GetAsync(new Uri(rig.Server.Address, "/models"), Cancellation).ContinueWith(task => task.IsFaulted, TaskScheduler.Default).GetAwaiter().GetResult());
        Assert.False(stopping.IsCompleted);
        scorer.Let();
        Assert.Equal(200, (await running).Status);
        await stopping;
        Assert.True(rig.Engine.IsEnding);
    }

    [Fact]
    public async Task Addresses_are_fetched_where_that_is_allowed_but_never_from_this_machine_or_its_network()
    {
        await using var rig = await ServerRig.StartAsync(options: new ServerOptions { AllowUrls = true });
        foreach (var url in (string[])[new Uri(rig.Server.Address, "/models").ToString(), "http://10.0.0.1/a.png", "http://169.254.169.254/latest", "http://user:word@example.com/a.png"])
        {
            var (status, problem) = await rig.PostAsync("/embeddings_image", new { image = url });
            Assert.Equal(400, status);
            Assert.Equal("#/image", problem.GetProperty("errors")[0].GetProperty("pointer").GetString());
        }

        await WaitFor(() => rig.Server.Memory.Left == new ServerLimits().BodyMemory);
    }

    [Fact]
    public async Task Options_that_cannot_be_used_are_refused_all_at_once()
    {
        await using var engine = new FlipEngine(ServedTiny.Towers(), new EngineOptions { QueueLength = 8 });
        var refused = await Assert.ThrowsAsync<ConfigException>(() => FlipServer.StartAsync(
            engine,
            new ServerOptions { Host = IPAddress.Any, Port = 70_000, DrainTime = TimeSpan.FromDays(1), Limits = new ServerLimits { BodyBytes = 1, Connections = 0 } },
            cancellation: Cancellation));
        Assert.Equal(["BodyBytes", "Connections", "Port", "DrainTime", "Host", "A"], refused.Problems.Select(problem => problem.Split(' ')[0]));
    }

    [Theory]
    [InlineData("short")]
    [InlineData("a key with spaces in it")]
    [InlineData("ключ-ключ-ключ-ключ")]
    public void A_key_that_could_be_guessed_or_not_sent_is_refused(string key) => Assert.Throws<ConfigException>(() => ApiKey.Of(key, "the file"));

    [Fact]
    public void A_key_comes_from_the_first_line_of_a_file()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("key"), "0123456789abcdef\n");
        Assert.True(ApiKey.Read(folder.File("key")).Matches("0123456789abcdef"));
        File.WriteAllText(folder.File("key"), new string('x', 10_000));
        Assert.Contains("key", Assert.Throws<ConfigException>(() => ApiKey.Read(folder.File("key"))).Message, StringComparison.Ordinal);
        Assert.Throws<ConfigException>(() => ApiKey.Read(folder.File("none")));
        Assert.NotEqual(ApiKey.Generate().Text, ApiKey.Generate().Text);
    }

    private static async Task WaitFor(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Delay(1, Cancellation);
        }
    }
}
