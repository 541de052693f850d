using System.Formats.Tar;
using System.Text;
using Flip.Data.Layouts;
using Flip.Randomness;
using SkiaSharp;

namespace Flip.Benchmarks.Loader;

/// <summary>Makes a shard of JPEG photos of one size: of photos from other shards, side by side and a little enlarged, or drawn.</summary>
internal static class PhotoShard
{
    private const int Quality = 85;
    private const int Octaves = 7;
    private const int SourcePhotos = 64;

    // Photos of the web are about as sharp as this: a large one has not twice the detail at twice the width.
    private const double SharpWidth = 448;

    /// <summary>Writes the shard.</summary>
    /// <param name="path">The tar file.</param>
    /// <param name="width">Width of a photo, pixels.</param>
    /// <param name="height">Height of a photo, pixels.</param>
    /// <param name="count">Number of photos.</param>
    /// <param name="from">Shards whose photos are used; null draws.</param>
    public static void Write(string path, int width, int height, int count, string? from)
    {
        var photos = from is null ? null : Read(from);
        using var stream = File.Create(path);
        using var tar = new TarWriter(stream, TarEntryFormat.Ustar);
        for (var i = 0; i < count; i++)
        {
            using var bitmap = photos is null ? Draw(width, height, i) : Compose(width, height, i, photos);
            using var jpeg = bitmap.Encode(SKEncodedImageFormat.Jpeg, Quality);
            Add(tar, $"{i:D6}.jpg", jpeg.ToArray());
            Add(tar, $"{i:D6}.txt", Encoding.UTF8.GetBytes($"a photo of {i} people who walk along a street in the evening with two dogs"));
        }
    }

    /// <summary>Fractal noise, whose detail falls with its frequency as a photo's does.</summary>
    private static SKBitmap Draw(int width, int height, int index)
    {
        var bitmap = New(width, height);
        using var canvas = new SKCanvas(bitmap);
        using var shader = SKShader.CreatePerlinNoiseFractalNoise(0.008f, 0.008f, Octaves, index);

        // The noise's own opacity is noise too.
        using var opaque = SKColorFilter.CreateColorMatrix([1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1]);
        using var paint = new SKPaint { Shader = shader, ColorFilter = opaque };
        canvas.DrawPaint(paint);
        return bitmap;
    }

    private static SKBitmap Compose(int width, int height, int index, List<SKImage> photos)
    {
        var enlarge = (float)Math.Max(1, Math.Sqrt(width / SharpWidth));
        var random = new CounterRandom(1, RandomPurpose.Evaluation, item: index);
        var bitmap = New(width, height);
        using var canvas = new SKCanvas(bitmap);
        var (first, rowHeight) = (photos[0], photos[0].Height * enlarge);
        for (var top = 0f; top < height; top += rowHeight)
        {
            for (var left = 0f; left < width; left += first.Width * enlarge)
            {
                var photo = photos[random.NextInt(photos.Count)];
                var place = SKRect.Create(left, top, first.Width * enlarge, rowHeight);
                canvas.DrawImage(photo, place, new SKSamplingOptions(SKCubicResampler.CatmullRom));
            }
        }

        return bitmap;
    }

    private static List<SKImage> Read(string pattern)
    {
        var source = ImageSources.Open(pattern);
        using var reader = source.Open();
        return [.. Enumerable.Range(0, Math.Min(SourcePhotos, source.Count)).Select(i =>
        {
            using var bytes = reader.Read(i);
            return SKImage.FromEncodedData(bytes.Span) ?? throw new ConfigException($"--from: {source.Describe(i)} is no image.");
        })];
    }

    private static SKBitmap New(int width, int height) => new(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));

    private static void Add(TarWriter tar, string name, byte[] content) =>
        tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
}
