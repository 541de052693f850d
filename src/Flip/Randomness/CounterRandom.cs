namespace Flip.Randomness;

/// <summary>What a draw is for. Each purpose has a stream of its own, so that adding a draw to one moves no other.</summary>
public enum RandomPurpose
{
    /// <summary>Order of shards and samples.</summary>
    Order = 1,

    /// <summary>Initial weights; keyed by the parameter's name.</summary>
    Weights = 2,

    /// <summary>Crop and flip of an image.</summary>
    Augmentation = 3,

    /// <summary>Which caption and which template.</summary>
    Caption = 4,

    /// <summary>Which patches are kept.</summary>
    ImageMask = 5,

    /// <summary>Which tokens are kept.</summary>
    TextMask = 6,

    /// <summary>Embedded scenes: what is in a scene and how it is worded.</summary>
    Scene = 7,

    /// <summary>Sample taken in place of an unreadable one.</summary>
    Replacement = 8,

    /// <summary>Anything an evaluation draws.</summary>
    Evaluation = 9,

    /// <summary>Which branches of the blocks are dropped; keyed by epoch and sample.</summary>
    DropPath = 10,

    /// <summary>How the images of a batch are mixed; keyed by the step.</summary>
    Mixing = 11,

    /// <summary>Changes of an image's colours and shape after its crop.</summary>
    Distortion = 12,

    /// <summary>Which images a bootstrap replicate draws.</summary>
    Bootstrap = 16,
}

/// <summary>
/// Random numbers as a function of (seed, purpose, epoch, item): Philox4x32-10 (Salmon et al., "Parallel Random Numbers:
/// As Easy as 1, 2, 3", SC 2011). Two generators with equal keys give equal numbers on any thread, rank or run.
/// </summary>
public struct CounterRandom
{
    private readonly uint _key0;
    private readonly uint _key1;
    private readonly uint _epoch;
    private readonly uint _item0;
    private readonly uint _item1;
    private readonly uint _purpose;
    private uint _block;
    private int _used;
    private (uint A, uint B, uint C, uint D) _words;

    /// <summary>A generator for one item.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="purpose">What the numbers are for.</param>
    /// <param name="epoch">Epoch, from 0.</param>
    /// <param name="item">Sample index, shard index or hash of a name.</param>
    public CounterRandom(ulong seed, RandomPurpose purpose, long epoch = 0, long item = 0)
    {
        _key0 = (uint)seed;
        _key1 = (uint)(seed >> 32);
        _epoch = (uint)epoch;
        _item0 = (uint)item;
        _item1 = (uint)((ulong)item >> 32);
        _purpose = (uint)purpose << 24;
        _block = 0;
        _used = 4;
        _words = default;
    }

    /// <summary>32 uniform bits.</summary>
    public uint NextUInt32()
    {
        if (_used == 4)
        {
            // 24 bits of block number leave 2^26 draws an item, the purpose's 8 bits above them.
            _words = Philox((_purpose | _block++, _epoch, _item0, _item1), (_key0, _key1));
            _used = 0;
        }

        return _used++ switch { 0 => _words.A, 1 => _words.B, 2 => _words.C, _ => _words.D };
    }

    /// <summary>A number in [0, 1) with 53 random bits.</summary>
    public double NextDouble()
    {
        ulong high = NextUInt32();
        return (((high << 32) | NextUInt32()) >> 11) * (1.0 / (1UL << 53));
    }

    /// <summary>A number in [0, 1) with 24 random bits.</summary>
    public float NextSingle() => (NextUInt32() >> 8) * (1f / (1 << 24));

    /// <summary>A number in [low, high).</summary>
    public double NextDouble(double low, double high) => low + ((high - low) * NextDouble());

    /// <summary>A whole number in [0, <paramref name="count"/>), without bias (Lemire's rejection).</summary>
    public int NextInt(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        var product = (ulong)NextUInt32() * (uint)count;
        if ((uint)product < (uint)count)
        {
            var threshold = (uint)-count % (uint)count;
            while ((uint)product < threshold)
            {
                product = (ulong)NextUInt32() * (uint)count;
            }
        }

        return (int)(product >> 32);
    }

    /// <summary>A standard normal number (Box-Muller).</summary>
    public double NextNormal()
    {
        var radius = Math.Sqrt(-2 * Math.Log(1 - NextDouble()));
        return radius * Math.Cos(2 * Math.PI * NextDouble());
    }

    /// <summary>A 64-bit FNV-1a hash: turns a name into an item number, the same on every machine and version.</summary>
    public static long HashName(string name)
    {
        var hash = 14695981039346656037UL;
        foreach (var c in name)
        {
            hash = (hash ^ c) * 1099511628211UL;
        }

        return (long)hash;
    }

    /// <summary>Ten rounds of Philox4x32.</summary>
    internal static (uint A, uint B, uint C, uint D) Philox((uint A, uint B, uint C, uint D) counter, (uint A, uint B) key)
    {
        for (var round = 0; round < 10; round++)
        {
            var p0 = 0xD2511F53UL * counter.A;
            var p1 = 0xCD9E8D57UL * counter.C;
            counter = ((uint)(p1 >> 32) ^ counter.B ^ key.A, (uint)p1, (uint)(p0 >> 32) ^ counter.D ^ key.B, (uint)p0);
            key = (key.A + 0x9E3779B9, key.B + 0xBB67AE85);
        }

        return counter;
    }
}
