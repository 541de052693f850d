using System.Text.Json;
using Flip.Models;
using Flip.Tests.Serving;

namespace Flip.Tests.Server;

public sealed class MaskEndpointsTests
{
    [Fact]
    public async Task Views_have_the_patches_and_the_embedding_of_the_masked_encoder()
    {
        await using var rig = await ServerRig.StartAsync();
        var image = ServedTiny.Images(1)[0];
        var (status, body) = await rig.PostAsync("/mask", new { image = ServerRig.DataUri(image), ratios = new[] { 0, 0.5, 0.75 }, seed = 7 });
        Assert.Equal(200, status);

        var (model, config) = (rig.Engine.Model.Towers!, rig.Engine.Model.Config);
        var patches = config.Model.Image.PatchCount();
        Assert.Equal(patches, body.GetProperty("patches").GetInt32());
        var pixels = ServedTiny.Pixels(config, [image]);
        var whole = new InferenceEncoder(model).EncodeImages(pixels, 1);
        var results = body.GetProperty("results").EnumerateArray().ToList();
        Assert.Equal([patches, patches / 2, patches / 4], results.Select(view => Kept(view).Length));
        Assert.Equal(1, results[0].GetProperty("cosine").GetDouble(), 1e-5);
        foreach (var (view, ratio) in results.Skip(1).Zip([0.5, 0.75]))
        {
            var encoder = new InferenceEncoder(model, InferenceMask.Masked, ratio, seed: 7);
            Assert.Equal(encoder.ViewsOf(0)[0].Select(patch => (int)patch).Order(), Kept(view));
            Assert.Equal(encoder.EncodeImages(pixels, 1).Zip(whole, (a, b) => (double)a * b).Sum(), view.GetProperty("cosine").GetDouble(), 1e-6);
            Assert.StartsWith("data:image/png;base64,", view.GetProperty("image").GetString(), StringComparison.Ordinal);
        }

        var (_, again) = await rig.PostAsync("/mask", new { image = ServerRig.DataUri(image), ratios = new[] { 0.5 }, seed = 8 });
        Assert.NotEqual(Kept(results[1]), Kept(again.GetProperty("results")[0]));
    }

    [Theory]
    [InlineData("""{"image": IMAGE, "ratios": [0.5, 1]}""", "#/ratios/1")]
    [InlineData("""{"image": IMAGE, "ratios": [-0.1]}""", "#/ratios/0")]
    [InlineData("""{"image": IMAGE, "ratios": ["a"]}""", "#/ratios/0")]
    [InlineData("""{"image": IMAGE, "ratios": 0.5}""", "#/ratios")]
    [InlineData("""{"image": IMAGE, "ratios": []}""", "#/ratios")]
    [InlineData("""{"image": IMAGE, "ratios": [0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}""", "#/ratios")]
    [InlineData("""{"image": IMAGE, "seed": -1}""", "#/seed")]
    [InlineData("""{"images": [IMAGE, IMAGE]}""", "#/images")]
    public async Task What_cannot_be_masked_is_named(string body, string place)
    {
        await using var rig = await ServerRig.StartAsync();
        var image = JsonSerializer.Serialize(ServerRig.DataUri(ServedTiny.Images(1)[0]));
        var (status, problem) = await rig.PostTextAsync("/mask", body.Replace("IMAGE", image, StringComparison.Ordinal));
        Assert.Equal(400, status);
        Assert.Contains(place, problem.GetRawText(), StringComparison.Ordinal);
    }

    private static int[] Kept(JsonElement view) => [.. view.GetProperty("kept").EnumerateArray().Select(patch => patch.GetInt32())];
}
