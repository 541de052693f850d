using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using Flip.Models;
using Flip.Tests.Serving;

namespace Flip.Tests.Server;

public sealed class EmbeddingEndpointsTests
{
    [Fact]
    public async Task Texts_become_embeddings_as_openais_clients_read_them()
    {
        await using var rig = await ServerRig.StartAsync();
        var texts = ServedTiny.Texts(6);
        var expected = await rig.Engine.EmbedTextsAsync(texts, TestContext.Current.CancellationToken);
        var (status, body) = await rig.PostAsync("/v1/embeddings", new { model = ServedTiny.Name, input = texts });
        Assert.Equal(200, status);
        Assert.Equal("list", body.GetProperty("object").GetString());
        Assert.Equal(ServedTiny.Name, body.GetProperty("model").GetString());
        Assert.Equal(expected.Tokens, body.GetProperty("usage").GetProperty("prompt_tokens").GetInt64());
        Assert.Equal(expected.Tokens, body.GetProperty("usage").GetProperty("total_tokens").GetInt64());
        Assert.Equal(Enumerable.Range(0, 6), body.GetProperty("data").EnumerateArray().Select(item => item.GetProperty("index").GetInt32()));
        Assert.All(body.GetProperty("data").EnumerateArray(), item => Assert.Equal("embedding", item.GetProperty("object").GetString()));
        Assert.Equal(expected.Vectors, ServerRig.Vectors(body)); // fp32 survives its decimal form

        var (_, one) = await rig.PostAsync("/v1/embeddings", new { model = ServedTiny.Name, input = texts[0], encoding_format = "base64", dimensions = 8, user = "me" });
        var numbers = MemoryMarshal.Cast<byte, float>(one.GetProperty("data")[0].GetProperty("embedding").GetBytesFromBase64()).ToArray();
        Assert.Equal((await rig.Engine.EmbedTextsAsync([texts[0]], TestContext.Current.CancellationToken)).Vectors[0], numbers);
    }

    [Fact]
    public async Task Images_and_texts_of_one_request_stay_in_their_order()
    {
        await using var rig = await ServerRig.StartAsync();
        var images = ServedTiny.Images(3);
        var model = rig.Engine.Model;
        var encoder = model.Encoder!;
        var expected = encoder.EncodeImages(ServedTiny.Pixels(model.Config, images), 3).Chunk(8).ToList();
        var text = (await rig.Engine.EmbedTextsAsync(["a red dog"], TestContext.Current.CancellationToken)).Vectors[0];
        var (status, body) = await rig.PostAsync("/v1/embeddings", new
        {
            model = ServedTiny.Name,
            input = new object[] { ServerRig.DataUri(images[0]), new { text = "a red dog" }, new { image = ServerRig.DataUri(images[1], "image/jpeg") }, ServerRig.DataUri(images[2]) },
        });
        Assert.Equal(200, status);
        Assert.Equal([expected[0], text, expected[1], expected[2]], ServerRig.Vectors(body));
    }

    [Fact]
    public async Task An_image_is_taken_as_it_is_in_a_form_and_as_json_alike()
    {
        await using var rig = await ServerRig.StartAsync();
        var image = ServedTiny.Images(1)[0];
        var (_, json) = await rig.PostAsync("/embeddings_image", new { image = ServerRig.DataUri(image) });
        using var raw = new ReadOnlyMemoryContent(image);
        raw.Headers.ContentType = new MediaTypeHeaderValue("image/png");
        var (status, plain) = await rig.SendAsync(HttpMethod.Post, $"/embeddings_image?model={ServedTiny.Name}", raw);
        Assert.Equal(200, status);
        using var form = new MultipartFormDataContent { { new ReadOnlyMemoryContent(image), "file", "a.png" }, { new StringContent(ServedTiny.Name), "model" } };
        var (_, formed) = await rig.SendAsync(HttpMethod.Post, "/embeddings_image", form);
        using var two = new MultipartFormDataContent { { new ReadOnlyMemoryContent(image), "image", "a.png" }, { new ReadOnlyMemoryContent(image), "image", "b.png" } };
        var (_, both) = await rig.SendAsync(HttpMethod.Post, "/embeddings_image", two);
        var expected = ServerRig.Vectors(json)[0];
        Assert.Equal(expected, ServerRig.Vectors(plain)[0]);
        Assert.Equal(expected, ServerRig.Vectors(formed)[0]);
        Assert.Equal(2, ServerRig.Vectors(both).Count);
    }

    [Fact]
    public async Task A_data_uri_with_escapes_is_the_same_image()
    {
        await using var rig = await ServerRig.StartAsync();
        var uri = ServerRig.DataUri(ServedTiny.Images(1)[0]);
        var (status, body) = await rig.PostTextAsync("/embeddings_image", $$"""{"image": "{{uri.Replace("/", "\\/", StringComparison.Ordinal)}}"}""");
        Assert.Equal(200, status);
        Assert.Equal(ServerRig.Vectors((await rig.PostAsync("/embeddings_image", new { image = uri })).Body), ServerRig.Vectors(body));
    }
}
