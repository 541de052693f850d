using System.Net.Http.Headers;
using System.Text.Json;
using Flip.Search;
using Flip.Server.Models;
using Flip.Tests.Serving;

namespace Flip.Tests.Server;

public sealed class SearchEndpointsTests : IDisposable
{
    private readonly ServedImages _images = new(12);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _images.Dispose();

    [Fact]
    public async Task Words_find_what_the_index_finds_for_their_embedding()
    {
        await using var rig = await StartAsync();
        var (status, body) = await rig.PostAsync("/search", new { text = "a red dog", top = 5 });
        Assert.Equal(200, status);
        using var index = ImageIndex.Open(_images.Index);
        var expected = index.Search((await rig.Engine.EmbedTextsAsync(["a red dog"], Cancellation)).Vectors[0], 5);
        Assert.Equal(expected.Select(found => (found.Key, found.Cosine)), Results(body));
        Assert.Equal(12, body.GetProperty("images").GetInt64());
    }

    [Fact]
    public async Task An_image_finds_itself_and_so_does_its_key()
    {
        await using var rig = await StartAsync();
        var file = await File.ReadAllBytesAsync(_images.Images.File("0004.png"), Cancellation);
        var (_, byImage) = await rig.PostAsync("/search", new { image = ServerRig.DataUri(file), top = 3 });
        var (_, byKey) = await rig.PostAsync("/search", new { like = "0004.png", top = 3 });
        Assert.Equal(("0004.png", 1.0), (Results(byImage)[0].Key, Math.Round(Results(byImage)[0].Cosine, 5)));
        Assert.Equal(Results(byImage).Select(found => found.Key), Results(byKey).Select(found => found.Key));

        using var form = new MultipartFormDataContent { { new ByteArrayContent(file) { Headers = { ContentType = MediaTypeHeaderValue.Parse("image/png") } }, "image", "a.png" }, { new StringContent("3"), "top" } };
        Assert.Equal(Results(byImage), Results((await rig.SendAsync(HttpMethod.Post, "/search", form)).Body));
    }

    [Fact]
    public async Task Thumbnails_are_pictures_of_bounded_size()
    {
        await using var rig = await StartAsync();
        var (_, body) = await rig.PostAsync("/search", new { text = "a dog", top = 1 });
        var path = body.GetProperty("results")[0].GetProperty("thumbnail").GetString();
        using var answer = await rig.Client.GetAsync(path, Cancellation);
        Assert.Equal("image/jpeg", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal([0xFF, 0xD8], (await answer.Content.ReadAsByteArrayAsync(Cancellation)).Take(2));
        Assert.Equal(404, (await rig.SendAsync(HttpMethod.Get, "/thumbnails/987654")).Status);
        Assert.Equal(404, (await rig.SendAsync(HttpMethod.Get, "/thumbnails/x")).Status);
    }

    [Theory]
    [InlineData("""{}""", 400, "Expected one of text, image and like")]
    [InlineData("""{"text": "a", "like": "0001.png"}""", 400, "Expected one of text, image and like")]
    [InlineData("""{"text": " "}""", 400, "#/text")]
    [InlineData("""{"text": "a", "top": 0}""", 400, "#/top")]
    [InlineData("""{"text": "a", "topp": 1}""", 400, "#/topp")]
    [InlineData("""{"like": "none.png"}""", 404, "no image of this key")]
    [InlineData("""{"images": []}""", 400, "#/images")]
    public async Task What_cannot_be_searched_is_named(string body, int status, string told)
    {
        await using var rig = await StartAsync();
        var (answered, problem) = await rig.PostTextAsync("/search", body);
        Assert.Equal(status, answered);
        Assert.Contains(told, problem.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_without_an_index_has_no_search_and_one_with_it_says_so()
    {
        await using var without = await ServerRig.StartAsync();
        Assert.Equal(404, (await without.PostAsync("/search", new { text = "a" })).Status);
        await using var with = await StartAsync();
        var (_, models) = await with.SendAsync(HttpMethod.Get, "/models");
        Assert.Equal(["embeddings", "search"], models.GetProperty("models")[0].GetProperty("abilities").EnumerateArray().Select(ability => ability.GetString()));
    }

    [Fact]
    public async Task What_is_published_meanwhile_is_found()
    {
        var clock = new TestClock();
        await using var rig = await StartAsync(clock);
        _images.Images.Add("new.png", 60);
        _images.Update();
        Assert.Equal(404, (await rig.PostAsync("/search", new { like = "new.png" })).Status);
        clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal("new.png", Results((await rig.PostAsync("/search", new { like = "new.png" })).Body)[0].Key);
    }

    [Fact]
    public void Another_models_index_is_refused()
    {
        using var other = ServedTiny.Towers(seed: 9);
        Assert.Contains("is the index of another model: its weights are others", Assert.Throws<ConfigException>(() => ServedIndex.Open(_images.Index, other)).Message, StringComparison.Ordinal);
    }

    private async Task<ServerRig> StartAsync(TimeProvider? time = null)
    {
        var model = _images.Open();
        return await ServerRig.StartAsync(model, index: ServedIndex.Open(_images.Index, model, time: time));
    }

    private static List<(string Key, double Cosine)> Results(JsonElement body) =>
        [.. body.GetProperty("results").EnumerateArray().Select(found => (found.GetProperty("key").GetString()!, found.GetProperty("cosine").GetDouble()))];

    private sealed class TestClock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Read(ref _ticks);

        public void Advance(TimeSpan time) => Interlocked.Add(ref _ticks, time.Ticks);
    }
}
