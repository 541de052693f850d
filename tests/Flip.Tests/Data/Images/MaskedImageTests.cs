using Flip.Data.Images;
using SkiaSharp;

namespace Flip.Tests.Data.Images;

public class MaskedImageTests
{
    [Fact]
    public void Removed_patches_are_gray_and_kept_ones_unchanged()
    {
        const int Size = 4;
        var rgb = Enumerable.Range(0, Size * Size * 3).Select(i => (byte)i).ToArray();
        using var image = SKBitmap.Decode(MaskedImage.Render(rgb, Size, 2, [1, 2]));
        for (var y = 0; y < Size; y++)
        {
            for (var x = 0; x < Size; x++)
            {
                var first = ((y * Size) + x) * 3;
                var isKept = x / 2 != y / 2;
                var expected = isKept ? new SKColor(rgb[first], rgb[first + 1], rgb[first + 2]) : new SKColor(0xB8, 0xB8, 0xB8);
                Assert.Equal(expected, image.GetPixel(x, y));
            }
        }

        Assert.Throws<ArgumentException>(() => MaskedImage.Render(rgb, 4, 3, []));
        Assert.Throws<ArgumentOutOfRangeException>(() => MaskedImage.Render(rgb, 4, 2, [4]));
    }
}
