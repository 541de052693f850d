using SkiaSharp;

namespace Flip.Tests.Data.Images;

/// <summary>A folder of small images, all different.</summary>
internal sealed class ImageFolderFixture : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public string Path => _folder.Path;

    public string File(string name) => _folder.File(name);

    /// <summary>Writes PNG files <c>0000.png</c> and so on.</summary>
    public ImageFolderFixture Add(int count)
    {
        for (var i = 0; i < count; i++)
        {
            Add($"{i:D4}.png", 16 + i);
        }

        return this;
    }

    /// <summary>Writes one image; its width makes it different from others.</summary>
    public void Add(string name, int width) => AddBytes(name, TestImages.Encode(width, 20, SKEncodedImageFormat.Png));

    public void AddBytes(string name, byte[] bytes)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(File(name))!);
        System.IO.File.WriteAllBytes(File(name), bytes);
    }

    public void Dispose() => _folder.Dispose();
}
