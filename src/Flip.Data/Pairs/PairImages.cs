using System.Globalization;
using CommunityToolkit.HighPerformance.Buffers;

namespace Flip.Data.Pairs;

/// <summary>The images of pairs alone, each once, in the order of their numbers.</summary>
/// <param name="pairs">The pairs.</param>
public sealed class PairImages(PairSet pairs) : IImageSource
{
    /// <inheritdoc/>
    public int Count { get; } = pairs.Count <= Array.MaxLength ? (int)pairs.Count : throw new ConfigException($"{pairs.Count:N0} images are more than can be gone through one by one.");

    /// <summary>What tells these pairs from others: names and sizes of their parts.</summary>
    public string Fingerprint(ContentHashes? hashes = null, CancellationToken cancellation = default)
    {
        using var fingerprint = new Fingerprint();
        foreach (var part in pairs.Parts)
        {
            fingerprint.Add(part.Name);
            fingerprint.Add(part.Count.ToString(CultureInfo.InvariantCulture));
        }

        return fingerprint.Take();
    }

    /// <summary>The numbers of the pairs.</summary>
    public IEnumerable<string> Keys(int first = 0) => Enumerable.Range(first, Count - first).Select(pair => pair.ToString(CultureInfo.InvariantCulture));

    /// <inheritdoc/>
    public string Describe(int image) => pairs.Describe(image);

    /// <inheritdoc/>
    public IImageReader Open() => new Reader(pairs.Open());

    private sealed class Reader(IPairFiles files) : IImageReader
    {
        public MemoryOwner<byte> Read(int image) => files.At(image).ReadImage();

        public void Dispose() => files.Dispose();
    }
}
