using System.Globalization;
using CommunityToolkit.HighPerformance.Buffers;

namespace Flip.Data.Questions;

/// <summary>Images of another source, in any order, also the same one several times; then its key is there as often.</summary>
/// <param name="source">The other source.</param>
/// <param name="numbers">Which of its images, in this order.</param>
public sealed class ChosenImages(IImageSource source, IReadOnlyList<int> numbers) : IImageSource
{
    /// <inheritdoc/>
    public int Count => numbers.Count;

    /// <inheritdoc/>
    public string Fingerprint(ContentHashes? hashes = null, CancellationToken cancellation = default)
    {
        using var fingerprint = new Fingerprint();
        fingerprint.Add(source.Fingerprint(hashes, cancellation));
        foreach (var number in numbers)
        {
            fingerprint.Add(number.ToString(CultureInfo.InvariantCulture));
        }

        return fingerprint.Take();
    }

    /// <inheritdoc/>
    public IEnumerable<string> Keys(int first = 0)
    {
        var keys = source.Keys().ToList();
        return numbers.Skip(first).Select(number => keys[number]);
    }

    /// <inheritdoc/>
    public string Describe(int image) => source.Describe(numbers[image]);

    /// <inheritdoc/>
    public string? PathOf(int image) => source.PathOf(numbers[image]);

    /// <inheritdoc/>
    public IImageReader Open() => new Reader(source.Open(), numbers);

    private sealed class Reader(IImageReader reader, IReadOnlyList<int> numbers) : IImageReader
    {
        public MemoryOwner<byte> Read(int image) => reader.Read(numbers[image]);

        public void Dispose() => reader.Dispose();
    }
}
