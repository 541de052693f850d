namespace Flip.Cli.Benchmarking.Scaling;

/// <summary>
/// Seconds of what ranks exchange, by the alpha-beta model: so many hops, each with its latency, and the bytes over the bandwidth (Thakur, Rabenseifner, Gropp:
/// Optimization of Collective Communication Operations in MPICH, 2005, sections 4.1, 4.4 and 4.5).
/// <para>A ring goes through all GPUs of a host and then to the next host. NCCL lays as many rings as a host has network cards, each of which leaves by another card.
/// So a ring's bandwidth is that of its slowest link: the smaller one of NVLink's and of all cards of a host together (NCCL's bus bandwidth).</para>
/// </summary>
/// <param name="GpusPerHost">GPUs of a host.</param>
/// <param name="IntraBandwidth">One way, of a GPU to the others of its host, as NCCL reaches it; bytes a second.</param>
/// <param name="InterBandwidth">One way, of a GPU's network card; bytes a second.</param>
/// <param name="Rings">Latencies of rings.</param>
/// <param name="Trees">Latencies of trees.</param>
/// <param name="TwoLevels">Whether rings within hosts and rings across them follow each other, in the place of one ring.</param>
public sealed record ClusterNetwork(
    int GpusPerHost,
    double IntraBandwidth,
    double InterBandwidth,
    IReadOnlyList<RingProtocol> Rings,
    IReadOnlyList<RingProtocol> Trees,
    bool TwoLevels = false)
{
    /// <summary>Hosts with H100s: NVLink at the 370 GB/s that NCCL's authors state as reached, a card of 400 Gb/s at 48 (NVIDIA/nccl-tests issues 212 and 290).</summary>
    public static ClusterNetwork H100 { get; } = new(8, 370e9, 48e9, RingProtocol.NcclRings, RingProtocol.NcclTrees);

    /// <summary>Hosts with A100s: 232 GB/s measured in a host, a card of 200 Gb/s at 24 (NVIDIA/nccl-tests issue 175, NVIDIA/nccl issue 412).</summary>
    public static ClusterNetwork A100 { get; } = new(8, 232e9, 24e9, RingProtocol.NcclRings, RingProtocol.NcclTrees);

    /// <summary>Hosts that so many GPUs are on.</summary>
    public int Hosts(int world) => (world + GpusPerHost - 1) / GpusPerHost;

    /// <summary>Bytes a second of the slowest link of a ring.</summary>
    public double RingBandwidth(int world) => Hosts(world) == 1 ? IntraBandwidth : Math.Min(IntraBandwidth, GpusPerHost * InterBandwidth);

    /// <summary>Seconds of an all-gather, or of a reduce-scatter, which is the same backwards.</summary>
    /// <param name="bytes">Bytes of the whole.</param>
    /// <param name="world">GPUs.</param>
    public double Gather(double bytes, int world)
    {
        if (world == 1)
        {
            return 0;
        }

        var hosts = Hosts(world);
        if (!TwoLevels || hosts == 1 || GpusPerHost == 1)
        {
            return Quickest(Rings, world - hosts, hosts - 1, Part(bytes, world), RingBandwidth(world));
        }

        // Each GPU first gathers the parts of its twins on other hosts, then those of its own host.
        return Quickest(Rings, 0, hosts - 1, Part(bytes / GpusPerHost, hosts), InterBandwidth)
            + Quickest(Rings, GpusPerHost - 1, 0, Part(bytes, GpusPerHost), IntraBandwidth);
    }

    /// <summary>Seconds of an all-reduce: a reduce-scatter and an all-gather, or two trees where that is quicker.</summary>
    /// <param name="bytes">Bytes of the whole.</param>
    /// <param name="world">GPUs.</param>
    public double Sum(double bytes, int world)
    {
        if (world == 1)
        {
            return 0;
        }

        var hosts = Hosts(world);
        var inHost = Math.Min(world, GpusPerHost) - 1;
        var tree = Quickest(Trees, 2 * inHost, 2 * Math.Ceiling(Math.Log2(hosts)), 2 * bytes, RingBandwidth(world));
        return Math.Min(2 * Gather(bytes, world), tree);
    }

    /// <summary>Seconds in which every GPU sends to the one before it. The slowest link counts: between hosts that is one card.</summary>
    /// <param name="bytes">Bytes that each sends.</param>
    /// <param name="world">GPUs.</param>
    public double Shift(double bytes, int world) => world == 1 ? 0
        : Hosts(world) == 1 ? Quickest(Rings, 1, 0, bytes, IntraBandwidth)
        : Quickest(Rings, 0, 1, bytes, Math.Min(IntraBandwidth, InterBandwidth));

    private static double Part(double bytes, int ranks) => bytes * (ranks - 1) / ranks;

    private static double Quickest(IReadOnlyList<RingProtocol> protocols, double intraHops, double interHops, double bytes, double bandwidth) =>
        protocols.Min(one => one.Seconds(intraHops, interHops, bytes, bandwidth));
}
