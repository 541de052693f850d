using Flip.Data.Images;
using Flip.Data.Scenes;

namespace Flip.Tests.Data.Scenes;

public class SceneRendererTests
{
    [Fact]
    public void Equal_scenes_give_equal_bytes_of_a_real_jpeg()
    {
        foreach (var scene in SceneSamplerTests.Scenes(SceneSplit.Train, 30))
        {
            var jpeg = new SceneRenderer(64).Render(scene);
            Assert.Equal([0xFF, 0xD8, 0xFF], jpeg[..3]);
            Assert.Equal((64, 64), ImageDecoder.ReadSize(jpeg));
            Assert.Equal(jpeg, new SceneRenderer(64).Render(scene));
        }
    }

    [Theory]
    [InlineData(32)]
    [InlineData(100)]
    [InlineData(224)]
    public void Any_size_can_be_drawn(int size)
    {
        var jpeg = new SceneRenderer(size).Render(new SceneSampler(1, SceneSplit.Train).Sample(0));
        Assert.Equal((size, size), ImageDecoder.ReadSize(jpeg));
    }

    [Theory]
    [InlineData(SceneShape.Circle)]
    [InlineData(SceneShape.Square)]
    [InlineData(SceneShape.Triangle)]
    [InlineData(SceneShape.Star)]
    [InlineData(SceneShape.Heart)]
    [InlineData(SceneShape.Diamond)]
    [InlineData(SceneShape.Cross)]
    [InlineData(SceneShape.Arrow)]
    public void An_object_has_its_color_at_its_place_and_the_background_elsewhere(SceneShape shape)
    {
        foreach (var color in Enum.GetValues<SceneColor>())
        {
            var item = new SceneObject(color, shape, SceneTexture.Solid, SceneSize.Medium, 0.3f, 0.6f, 0.4f, 5);
            var scene = new Scene(SceneBackground.White, SceneLayout.Alone, [item], 0);
            using var image = ImageDecoder.Decode(new SceneRenderer(64).Render(scene));
            var expected = ScenePalette.Of(color);
            Assert.True(Differs(image, 19, 38, expected.Red, expected.Green, expected.Blue) < 16, $"{color} {shape} in its middle");
            Assert.True(Differs(image, 50, 12, 255, 255, 255) < 6, $"{color} {shape} outside");
        }
    }

    [Fact]
    public void A_ring_is_open_and_a_crescent_has_a_bite()
    {
        foreach (var (shape, x) in new[] { (SceneShape.Ring, 32), (SceneShape.Crescent, 42) })
        {
            var item = new SceneObject(SceneColor.Red, shape, SceneTexture.Solid, SceneSize.Large, 0.5f, 0.5f, 0.6f, 0);
            var scene = new Scene(SceneBackground.White, SceneLayout.Alone, [item], 0);
            using var image = ImageDecoder.Decode(new SceneRenderer(64).Render(scene));
            Assert.True(Differs(image, x, 32, 255, 255, 255) < 16, $"{shape} at {x}");
            Assert.True(Differs(image, 18, 32, 222, 38, 42) < 24, $"{shape} at 18");
        }
    }

    [Fact]
    public void Attributes_change_the_picture()
    {
        var item = new SceneObject(SceneColor.Blue, SceneShape.Circle, SceneTexture.Solid, SceneSize.Large, 0.5f, 0.5f, 0.6f, 0);
        var pictures = Enum.GetValues<SceneTexture>().Select(texture => item with { Texture = texture })
            .Concat(Enum.GetValues<SceneShape>().Skip(1).Select(shape => item with { Shape = shape }))
            .Concat(Enum.GetValues<SceneColor>().Where(c => c != SceneColor.Blue).Select(color => item with { Color = color }))
            .Select(o => new Scene(SceneBackground.White, SceneLayout.Alone, [o], 0))
            .Concat(Enum.GetValues<SceneBackground>().Skip(1).Select(b => new Scene(b, SceneLayout.Alone, [item], 0)))
            .Select(scene => Convert.ToHexString(new SceneRenderer(64).Render(scene)))
            .ToList();
        Assert.Equal(pictures.Count, pictures.Distinct().Count());
    }

    /// <summary>Largest difference of a pixel's levels from a color.</summary>
    private static int Differs(DecodedImage image, int x, int y, byte red, byte green, byte blue)
    {
        var pixel = image.Pixels[(((y * image.Width) + x) * DecodedImage.PixelBytes)..];
        return Math.Max(Math.Abs(pixel[0] - red), Math.Max(Math.Abs(pixel[1] - green), Math.Abs(pixel[2] - blue)));
    }
}
