using Flip.Randomness;
using SkiaSharp;

namespace Flip.Data.Scenes;

/// <summary>Draws scenes as JPEG. The bytes are a function of the scene and the size. Safe to call from several threads.</summary>
/// <param name="size">Height and width of the picture, pixels; from 32 on everything can be told apart.</param>
/// <param name="quality">JPEG quality, 1 to 100.</param>
public sealed class SceneRenderer(int size, int quality = 90)
{
    // Grain has this many cells a side, whatever the size of the picture.
    private const int GrainCells = 64;

    /// <summary>The picture as JPEG bytes.</summary>
    public byte[] Render(Scene scene)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(size, size, SKColorType.Rgba8888, SKAlphaType.Opaque));
        using (var canvas = new SKCanvas(bitmap))
        {
            canvas.Scale(size);
            DrawBackground(canvas, scene);
            foreach (var item in scene.Objects)
            {
                DrawObject(canvas, item);
            }
        }

        using var pixels = bitmap.PeekPixels();

        // Small colored details are what these pictures are about: all color samples are kept.
        using var data = pixels.Encode(new SKJpegEncoderOptions(
            quality, SKJpegEncoderDownsample.Downsample444, SKJpegEncoderAlphaOption.Ignore));
        return data?.ToArray() ?? throw new InvalidOperationException($"Skia cannot encode a JPEG of {size} pixels at quality {quality}.");
    }

    private static void DrawBackground(SKCanvas canvas, Scene scene)
    {
        var (top, bottom) = ScenePalette.Of(scene.Background);
        canvas.Clear(top);
        var grain = ScenePalette.Grain(scene.Background);
        if (grain > 0)
        {
            DrawGrain(canvas, scene.Grain, top, grain);
        }
        else if (top != bottom)
        {
            using var shader = SKShader.CreateLinearGradient(new SKPoint(0, 0), new SKPoint(0, 1), [top, bottom], SKShaderTileMode.Clamp);
            using var paint = new SKPaint { Shader = shader };
            canvas.DrawPaint(paint);
        }
    }

    private static void DrawGrain(SKCanvas canvas, uint seed, SKColor color, int amount)
    {
        using var cells = new SKBitmap(new SKImageInfo(GrainCells, GrainCells, SKColorType.Rgba8888, SKAlphaType.Opaque));
        var pixels = cells.GetPixelSpan();
        var random = new CounterRandom(seed, RandomPurpose.Scene);
        for (var i = 0; i < pixels.Length; i += 16)
        {
            var bits = random.NextUInt32();
            for (var cell = i; cell < i + 16; cell += 4, bits >>= 8)
            {
                var change = ((int)(bits & 255) * 2 * amount / 255) - amount;
                pixels[cell] = (byte)Math.Clamp(color.Red + change, 0, 255);
                pixels[cell + 1] = (byte)Math.Clamp(color.Green + change, 0, 255);
                pixels[cell + 2] = (byte)Math.Clamp(color.Blue + change, 0, 255);
                pixels[cell + 3] = 255;
            }
        }

        canvas.DrawBitmap(cells, new SKRect(0, 0, 1, 1), new SKSamplingOptions(SKFilterMode.Linear));
    }

    /// <summary>A shadow, the filled shape, a darker outline.</summary>
    private static void DrawObject(SKCanvas canvas, SceneObject item)
    {
        var color = ScenePalette.Of(item.Color);
        using var path = SceneOutlines.Create(item.Shape);
        using var paint = new SKPaint { IsAntialias = true };
        canvas.Save();
        canvas.Translate(item.X, item.Y);
        canvas.Scale(item.Extent);

        canvas.Save();
        canvas.Translate(0.03f, 0.05f);
        canvas.RotateDegrees(item.Rotation);
        paint.Color = SKColors.Black.WithAlpha(48);
        canvas.DrawPath(path, paint);
        canvas.Restore();

        canvas.RotateDegrees(item.Rotation);
        paint.Color = color;
        canvas.DrawPath(path, paint);
        if (item.Texture != SceneTexture.Solid)
        {
            canvas.Save();
            canvas.ClipPath(path, antialias: true);
            paint.Color = ScenePalette.Mix(color, SKColors.White, item.Color == SceneColor.Black ? 0.6 : 0.7);
            DrawTexture(canvas, item.Texture, paint);
            canvas.Restore();
        }

        paint.Style = SKPaintStyle.Stroke;
        paint.StrokeWidth = 0.04f;
        paint.StrokeJoin = SKStrokeJoin.Round;
        paint.Color = ScenePalette.Mix(color, SKColors.Black, 0.35);
        canvas.DrawPath(path, paint);
        canvas.Restore();
    }

    /// <summary>The pale parts, over the whole unit square around the centre.</summary>
    private static void DrawTexture(SKCanvas canvas, SceneTexture texture, SKPaint paint)
    {
        // Cells of 1/5.5: coarse enough for a small object in a picture of 64 pixels.
        const float Cell = 1 / 5.5f;
        for (var i = -3; i <= 3; i++)
        {
            if (texture == SceneTexture.Striped)
            {
                canvas.DrawRect(new SKRect(-0.6f, (i * 1.35f * Cell) - (0.33f * Cell), 0.6f, (i * 1.35f * Cell) + (0.33f * Cell)), paint);
                continue;
            }

            for (var j = -3; j <= 3; j++)
            {
                if (texture == SceneTexture.Checkered && (i + j) % 2 == 0)
                {
                    canvas.DrawRect(new SKRect((i - 0.5f) * Cell, (j - 0.5f) * Cell, (i + 0.5f) * Cell, (j + 0.5f) * Cell), paint);
                }
                else if (texture == SceneTexture.Dotted)
                {
                    canvas.DrawCircle((i + (j % 2 == 0 ? 0 : 0.5f)) * 1.3f * Cell, j * 1.1f * Cell, 0.36f * Cell, paint);
                }
            }
        }
    }
}
