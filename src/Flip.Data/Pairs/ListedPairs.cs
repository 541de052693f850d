using CommunityToolkit.HighPerformance.Buffers;

namespace Flip.Data.Pairs;

/// <summary>Pairs whose images are files and whose captions are listed: folders, lists, published sets.</summary>
/// <param name="name">What the source is called.</param>
/// <param name="images">The images with their captions.</param>
public sealed class ListedPairs(string name, CaptionedImages images) : PairSet
{
    /// <inheritdoc/>
    public override IReadOnlyList<PairPart> Parts { get; } = [new PairPart(name, images.Images.Count)];

    /// <inheritdoc/>
    public override string Describe(long pair) => images.Images.Describe((int)pair);

    /// <inheritdoc/>
    public override IEnumerable<string> ReadCaptions(long most = long.MaxValue)
    {
        var wanted = (int)Math.Min(most, images.Captions.Count);
        return Enumerable.Range(0, wanted).Select(i => (int)((long)i * images.Captions.Count / wanted)).SelectMany(Usable);
    }

    /// <inheritdoc/>
    internal override IPairFiles Open() => new Files(images);

    private IReadOnlyList<string> Usable(int pair)
    {
        try
        {
            return images.Captions[pair];
        }
        catch (BadSampleException)
        {
            return []; // counted when it is trained on
        }
    }

    private sealed class Files(CaptionedImages images) : IPairFiles
    {
        private readonly IImageReader _reader = images.Images.Open();

        public IPair At(long pair) => new Pair(_reader, images.Captions, (int)pair);

        public void Dispose() => _reader.Dispose();
    }

    private sealed class Pair(IImageReader reader, IReadOnlyList<IReadOnlyList<string>> captions, int pair) : IPair
    {
        public IReadOnlyList<string> ReadCaptions() => captions[pair] is { Count: > 0 } some ? some : throw new BadSampleException("no caption", "it has no caption");

        public MemoryOwner<byte> ReadImage() => reader.Read(pair);
    }
}
