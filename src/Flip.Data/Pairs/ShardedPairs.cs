using CommunityToolkit.HighPerformance.Buffers;
using Flip.Data.Order;
using Flip.Data.Shards;
using Flip.Data.Stores;
using Flip.Randomness;

namespace Flip.Data.Pairs;

/// <summary>The pairs of indexed shards.</summary>
/// <param name="index">The shards.</param>
/// <param name="captions">How captions are found.</param>
public sealed class ShardedPairs(DataSetIndex index, CaptionReader captions) : PairSet
{
    /// <inheritdoc/>
    public override IReadOnlyList<PairPart> Parts { get; } = [.. index.Shards.Select(shard => new PairPart(NameOf(shard.Path), shard.Count))];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Findings => index.Findings;

    /// <inheritdoc/>
    public override string Describe(long pair) => index.Describe(pair);

    /// <inheritdoc/>
    public override IEnumerable<string> ReadCaptions(long most = long.MaxValue) => Spread(most).SelectMany(shard => index.ReadCaptions(captions, shard));

    /// <inheritdoc/>
    internal override IPairFiles Open() => new Files(index, captions);

    private static string NameOf(string path) => StoreAddress.Is(path) ? StoreAddress.NameOf(path) : Path.GetFileName(path);

    private sealed class Files : IPairFiles
    {
        private readonly DataSetIndex _index;
        private readonly CaptionReader _captions;
        private readonly ShardFiles _files;
        private readonly RemoteAhead? _ahead;

        public Files(DataSetIndex index, CaptionReader captions)
        {
            (_index, _captions, _files) = (index, captions, index.OpenFiles(inParts: true));
            _ahead = index.Remote is { } remote ? new RemoteAhead(index, _files, remote) : null;
        }

        public void Begin(ISampleOrder order, int source, long start) => _ahead?.Begin(order, source, start);

        public bool ReadsAhead => _ahead is not null;

        public void Ahead(long position, IReadOnlyList<long> pairs) => _ahead?.Ahead(position, pairs);

        public IPair At(long pair)
        {
            var part = _ahead?.Take(pair) ?? default;
            var (shard, entry) = _index.Find(pair);
            return new Pair(_index.Members(_files, shard, part), entry, _captions);
        }

        public void Dispose()
        {
            _ahead?.Dispose();
            _files.Dispose();
        }
    }

    private sealed class Pair(MemberReader members, SampleEntry entry, CaptionReader captions) : IPair
    {
        public IReadOnlyList<string> ReadCaptions() => captions.Read(members, entry);

        public string DrawCaption(CounterRandom random) => captions.Draw(members, entry, random);

        public MemoryOwner<byte> ReadImage() => members.ReadImage(entry.Image);
    }
}
