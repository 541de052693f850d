using CommunityToolkit.HighPerformance.Buffers;

namespace Flip.Data;

/// <summary>Image files in a fixed order, each with a key: loose files, a list of them, or the images of shards.</summary>
public interface IImageSource
{
    /// <summary>Number of images.</summary>
    int Count { get; }

    /// <summary>What tells this source from another: SHA-256 of the images' names and contents, as hexadecimal digits. It does not
    /// change when all files are moved or copied to another folder.</summary>
    /// <param name="hashes">Computes and keeps the hashes of the files; null computes them anew.</param>
    /// <param name="cancellation">Stops the hashing.</param>
    string Fingerprint(ContentHashes? hashes = null, CancellationToken cancellation = default);

    /// <summary>Keys in order, one line of text each, made as they are asked for.</summary>
    /// <param name="first">The first image.</param>
    IEnumerable<string> Keys(int first = 0);

    /// <summary>An image's name for a message, with its file.</summary>
    string Describe(int image);

    /// <summary>The file that an image lies in, its own or a shard, as a whole path or an address; null where that is not known.</summary>
    string? PathOf(int image) => null;

    /// <summary>Opens the files.</summary>
    IImageReader Open();
}

/// <summary>Reads the files of an <see cref="IImageSource"/>. Safe to call from several threads.</summary>
public interface IImageReader : IDisposable
{
    /// <summary>The bytes of an image file; the caller disposes of them.</summary>
    /// <exception cref="BadSampleException">The image is missing, empty or beyond every sensible size.</exception>
    /// <exception cref="IOException">The data set as a whole cannot be read.</exception>
    MemoryOwner<byte> Read(int image);
}
