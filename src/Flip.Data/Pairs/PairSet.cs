using CommunityToolkit.HighPerformance.Buffers;
using Flip.Data.Order;
using Flip.Randomness;

namespace Flip.Data.Pairs;

/// <summary>Image-text pairs that can be read in any order: what a training reads. A pair is a plain number.</summary>
public abstract class PairSet
{
    /// <summary>Number of pairs.</summary>
    public long Count => Parts.Sum(part => (long)part.Count);

    /// <summary>What the pairs lie in, in their order: shards, or all of a list.</summary>
    public abstract IReadOnlyList<PairPart> Parts { get; }

    /// <summary>What was left out and why, in a few lines for people; empty where all is used.</summary>
    public virtual IReadOnlyList<string> Findings => [];

    /// <summary>A pair's name and place, for messages; may read, so not for every pair.</summary>
    public abstract string Describe(long pair);

    /// <summary>Captions in order, to learn a vocabulary from. Pairs without a usable caption are passed over.</summary>
    /// <param name="most">Pairs that are read about, of whole parts that are evenly spread where there are more.</param>
    public abstract IEnumerable<string> ReadCaptions(long most = long.MaxValue);

    /// <summary>In which order a training reads them.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="shuffleShards">Parts whose pairs are shuffled together; 0 takes all.</param>
    internal virtual ISampleOrder Order(ulong seed, int shuffleShards) => new SampleOrder([.. Parts.Select(part => part.Count)], seed, shuffleShards);

    /// <summary>Opens the files.</summary>
    internal abstract IPairFiles Open();

    /// <summary>Numbers of parts with about so many pairs together, evenly spread.</summary>
    private protected IEnumerable<int> Spread(long most)
    {
        var wanted = Count <= most ? Parts.Count : Math.Max(1, (int)(Parts.Count * ((double)most / Count)));
        return Enumerable.Range(0, wanted).Select(i => (int)((long)i * Parts.Count / wanted));
    }
}

/// <summary>A part of pairs.</summary>
/// <param name="Name">What tells it from others on every machine: a shard's file name.</param>
/// <param name="Count">Its pairs.</param>
public sealed record PairPart(string Name, int Count);

/// <summary>The opened files of pairs. Safe to call from several threads.</summary>
internal interface IPairFiles : IDisposable
{
    /// <summary>Told once, before anything is read: in which order, which of the order's sources this is, and from where.</summary>
    void Begin(ISampleOrder order, int source, long start)
    {
        // nothing is read ahead
    }

    /// <summary>Whether it wants to be told what will be read soon: files on this machine do not.</summary>
    bool ReadsAhead => false;

    /// <summary>Told which pairs will be read soon.</summary>
    void Ahead(long position, IReadOnlyList<long> pairs)
    {
        // nothing is read ahead
    }

    /// <summary>A pair; nothing of it is read yet.</summary>
    /// <exception cref="BadSampleException">It is not there.</exception>
    IPair At(long pair);
}

/// <summary>A pair to read.</summary>
internal interface IPair
{
    /// <summary>All captions, at least one.</summary>
    /// <exception cref="BadSampleException">There is none, or what there is cannot be read.</exception>
    IReadOnlyList<string> ReadCaptions();

    /// <summary>One caption by chance.</summary>
    /// <inheritdoc cref="ReadCaptions"/>
    string DrawCaption(CounterRandom random)
    {
        var captions = ReadCaptions();
        return captions[random.NextInt(captions.Count)];
    }

    /// <summary>The bytes of the image file; the caller disposes of them.</summary>
    /// <exception cref="BadSampleException">It is missing, empty or beyond every sensible size.</exception>
    MemoryOwner<byte> ReadImage();
}
