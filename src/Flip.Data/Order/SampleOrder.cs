using Flip.Randomness;

namespace Flip.Data.Order;

/// <summary>
/// Which sample stands at a position: a pure function of (seed, position) over the sizes of the shards. In each epoch the
/// shards are permuted, runs of <c>shuffleShards</c> neighbours form windows, and the samples of a window are shuffled
/// together: reads stay within a window, every epoch has each sample exactly once, and to resume is to know a number.
/// Ranks divide the positions of each batch. Safe to call from several threads.
/// </summary>
public sealed class SampleOrder : ISampleOrder
{
    private const long ShardsItem = -1;

    private readonly long[] _firstSamples;
    private readonly ulong _seed;
    private readonly int _shardsPerWindow;

    // Loader threads stand in one epoch or on the border of two, so two are kept; one that is missing is built again.
    private readonly EpochOrder?[] _recent = new EpochOrder?[2];

    /// <summary>An order over shards of the given sizes.</summary>
    /// <param name="shardSizes">Samples of each shard; 0 is allowed, all 0 is not.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="shuffleShards">Shards whose samples are shuffled together; 0 takes all.</param>
    public SampleOrder(IReadOnlyList<int> shardSizes, ulong seed, int shuffleShards)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(shuffleShards);
        _firstSamples = new long[shardSizes.Count + 1];
        for (var shard = 0; shard < shardSizes.Count; shard++)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(shardSizes[shard], nameof(shardSizes));
            _firstSamples[shard + 1] = _firstSamples[shard] + shardSizes[shard];
        }

        SamplesPerEpoch = _firstSamples[^1];
        ArgumentOutOfRangeException.ThrowIfZero(SamplesPerEpoch, nameof(shardSizes));
        _seed = seed;
        _shardsPerWindow = shuffleShards == 0 ? shardSizes.Count : Math.Min(shuffleShards, shardSizes.Count);
    }

    /// <summary>Samples in one epoch, N.</summary>
    public long SamplesPerEpoch { get; }

    /// <summary>The sample at a position of the endless sequence, from 0; position / N is its epoch.</summary>
    public OrderedSample At(long position)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        var epoch = checked((int)(position / SamplesPerEpoch));
        var place = position % SamplesPerEpoch;
        return new OrderedSample(epoch, place, Epoch(epoch).SampleAt(place));
    }

    /// <inheritdoc/>
    (long First, long Count) ISampleOrder.SourceOf(long sample) => (0, SamplesPerEpoch);

    /// <summary>The shards in the order in which their windows come, without end, from the window of a position on; each with the position at which its window ends.</summary>
    public IEnumerable<(int Shard, long End)> ShardsFrom(int source, long position)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(source, 0);
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        for (var epoch = checked((int)(position / SamplesPerEpoch)); ; epoch++)
        {
            var before = epoch * SamplesPerEpoch;
            foreach (var (shard, end) in Epoch(epoch).ShardsFrom(Math.Max(0, position - before)))
            {
                yield return (shard, before + end);
            }
        }
    }

    private EpochOrder Epoch(int epoch)
    {
        var slot = epoch & 1;
        var order = Volatile.Read(ref _recent[slot]);
        if (order?.Epoch != epoch)
        {
            order = new EpochOrder(this, epoch);
            Volatile.Write(ref _recent[slot], order);
        }

        return order;
    }

    /// <summary>The shard that has a sample, and the sample's index in it.</summary>
    internal static (int Shard, int Index) Locate(long[] firsts, long sample)
    {
        // Upper bound: empty shards share their first sample with the next one, which is the owner.
        var (low, high) = (0, firsts.Length - 1);
        while (high - low > 1)
        {
            var middle = (low + high) / 2;
            (low, high) = firsts[middle] <= sample ? (middle, high) : (low, middle);
        }

        return (low, (int)(sample - firsts[low]));
    }

    /// <summary>The shards of one epoch in their order.</summary>
    private sealed class EpochOrder
    {
        private readonly SampleOrder _owner;
        private readonly int[] _shards;
        private readonly long[] _firstPlaces;

        public EpochOrder(SampleOrder owner, int epoch)
        {
            _owner = owner;
            Epoch = epoch;
            _shards = Enumerable.Range(0, owner._firstSamples.Length - 1).ToArray();
            var random = new CounterRandom(owner._seed, RandomPurpose.Order, epoch, ShardsItem);
            for (var i = _shards.Length - 1; i > 0; i--)
            {
                var j = random.NextInt(i + 1);
                (_shards[i], _shards[j]) = (_shards[j], _shards[i]);
            }

            _firstPlaces = new long[_shards.Length + 1];
            for (var i = 0; i < _shards.Length; i++)
            {
                var shard = _shards[i];
                _firstPlaces[i + 1] = _firstPlaces[i] + owner._firstSamples[shard + 1] - owner._firstSamples[shard];
            }
        }

        public int Epoch { get; }

        public IEnumerable<(int Shard, long End)> ShardsFrom(long place)
        {
            var first = Locate(_firstPlaces, place).Shard / _owner._shardsPerWindow * _owner._shardsPerWindow;
            for (var slot = first; slot < _shards.Length; slot++)
            {
                var next = Math.Min(((slot / _owner._shardsPerWindow) + 1) * _owner._shardsPerWindow, _shards.Length);
                yield return (_shards[slot], _firstPlaces[next]);
            }
        }

        public long SampleAt(long place)
        {
            var window = Locate(_firstPlaces, place).Shard / _owner._shardsPerWindow;
            var firstShard = window * _owner._shardsPerWindow;
            var low = _firstPlaces[firstShard];
            var high = _firstPlaces[Math.Min(firstShard + _owner._shardsPerWindow, _shards.Length)];
            var permutation = new FeistelPermutation(
                high - low, new CounterRandom(_owner._seed, RandomPurpose.Order, Epoch, window));
            var (slot, index) = Locate(_firstPlaces, low + permutation[place - low]);
            return _owner._firstSamples[_shards[slot]] + index;
        }
    }
}
