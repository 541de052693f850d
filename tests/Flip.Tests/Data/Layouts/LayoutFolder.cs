using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Flip.Data;
using Flip.Data.Images;
using Flip.Tests.Data.Images;
using SkiaSharp;

namespace Flip.Tests.Data.Layouts;

/// <summary>A data set in the making, in a folder of its own; gone afterwards.</summary>
internal sealed class LayoutFolder : IDisposable
{
    private static readonly byte[] Jpeg = TestImages.Encode(8, 6, SKEncodedImageFormat.Jpeg);

    private readonly TemporaryFolder _folder = new();

    public string Path => _folder.Path;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public LayoutFolder Image(string name) => Bytes(name, Jpeg);

    public LayoutFolder Text(string name, params string[] lines) => Bytes(name, Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n"));

    public LayoutFolder Bytes(string name, params byte[] bytes)
    {
        Assert.False(System.IO.Path.IsPathRooted(name), name); // nothing is written elsewhere
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(File(name))!);
        System.IO.File.WriteAllBytes(File(name), bytes);
        return this;
    }

    public LayoutFolder Gzip(string name, params byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var stream = new GZipStream(packed, CompressionLevel.Fastest))
        {
            stream.Write(bytes);
        }

        return Bytes(name, packed.ToArray());
    }

    /// <summary>A shard of small pictures, each with another member.</summary>
    public LayoutFolder Shard(string name, string extension, params byte[][] others) => Shard(name, "jpg", Jpeg, extension, others);

    public LayoutFolder Shard(string name, string imageExtension, byte[] image, string extension, byte[][] others)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(File(name))!);
        using var writer = new TarWriter(System.IO.File.Create(File(name)), TarEntryFormat.Ustar);
        foreach (var (index, other) in others.Index())
        {
            Add(writer, $"s{index:D7}.{imageExtension}", image);
            Add(writer, $"s{index:D7}.{extension}", other);
        }

        return this;
    }

    /// <summary>Every image can be decoded.</summary>
    public static void AssertReadable(IImageSource images)
    {
        using var reader = images.Open();
        for (var i = 0; i < images.Count; i++)
        {
            using var bytes = reader.Read(i);
            using var decoded = ImageDecoder.Decode(bytes.Span);
            Assert.True(decoded.Width > 0);
        }

        Assert.Equal(images.Count, images.Keys().Distinct().Count());
        Assert.NotEmpty(images.Describe(images.Count - 1));
    }

    /// <summary>RGB of an image, row after row.</summary>
    public static byte[] Pixels(IImageSource images, int image)
    {
        using var reader = images.Open();
        using var bytes = reader.Read(image);
        using var decoded = ImageDecoder.Decode(bytes.Span);
        return [.. decoded.Pixels.ToArray().Where((_, i) => i % DecodedImage.PixelBytes < 3)];
    }

    public void Dispose() => _folder.Dispose();

    private static void Add(TarWriter writer, string name, byte[] content) =>
        writer.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { ModificationTime = DateTimeOffset.UnixEpoch, DataStream = new MemoryStream(content) });
}
