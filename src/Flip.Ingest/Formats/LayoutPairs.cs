using Flip.Data;

namespace Flip.Ingest.Formats;

/// <summary>A published data set with captions: COCO's, Flickr's, Karpathy's, CLIP_benchmark's. Its captions are held in memory.</summary>
/// <param name="format">Its name for people.</param>
/// <param name="set">The images and captions.</param>
internal sealed class LayoutPairs(string format, CaptionedImages set) : IPairReader
{
    /// <inheritdoc/>
    public string Format => format;

    /// <inheritdoc/>
    public long? Count => set.Images.Count;

    /// <inheritdoc/>
    public IEnumerable<SourcePair> Read(long first = 0, CancellationToken cancellation = default)
    {
        using var images = set.Images.Open();
        var image = (int)Math.Min(first, set.Images.Count);
        foreach (var key in set.Images.Keys(image))
        {
            cancellation.ThrowIfCancellationRequested();
            yield return Pair(images, key, image++);
        }
    }

    private SourcePair Pair(IImageReader images, string key, int image)
    {
        var pair = new SourcePair { Key = key, Captions = set.Captions[image] };
        try
        {
            using var bytes = images.Read(image);
            return pair with { Image = bytes.Span.ToArray() };
        }
        catch (BadSampleException e)
        {
            return pair with { Problem = e.Source() };
        }
    }
}
