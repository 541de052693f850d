using System.Collections.Concurrent;
using CommunityToolkit.HighPerformance.Buffers;
using Flip.Data;
using Flip.Data.Images;
using Flip.Data.Questions;

namespace Flip.Search.Building;

/// <summary>Some images of a source, of which a thumbnail is made when they are read, by the thread that reads.</summary>
/// <param name="images">The images.</param>
/// <param name="side">Longest side of a thumbnail, pixels; 0 for none.</param>
internal sealed class PicturedImages(ChosenImages images, int side) : IImageSource
{
    private readonly ConcurrentDictionary<int, byte[]> _thumbnails = new();

    /// <inheritdoc/>
    public int Count => images.Count;

    /// <summary>The thumbnail of an image that was read, once; null without thumbnails.</summary>
    public byte[]? Take(int image) => _thumbnails.TryRemove(image, out var thumbnail) ? thumbnail : null;

    /// <inheritdoc/>
    public string Fingerprint(ContentHashes? hashes = null, CancellationToken cancellation = default) => images.Fingerprint(hashes, cancellation);

    /// <inheritdoc/>
    public IEnumerable<string> Keys(int first = 0) => images.Keys(first);

    /// <inheritdoc/>
    public string Describe(int image) => images.Describe(image);

    /// <inheritdoc/>
    public IImageReader Open() => new Reader(this, images.Open(), side);

    private sealed class Reader(PicturedImages of, IImageReader reader, int side) : IImageReader
    {
        public MemoryOwner<byte> Read(int image)
        {
            var bytes = reader.Read(image);
            try
            {
                if (side > 0)
                {
                    of._thumbnails[image] = Thumbnail.JpegOf(bytes.Span, side);
                }

                return bytes;
            }
            catch
            {
                bytes.Dispose();
                throw;
            }
        }

        public void Dispose() => reader.Dispose();
    }
}
