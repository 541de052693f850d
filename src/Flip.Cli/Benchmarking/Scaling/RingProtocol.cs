namespace Flip.Cli.Benchmarking.Scaling;

/// <summary>
/// What a message costs on its way through many GPUs, whatever its size. NCCL has several such ways, and takes the quickest one for each size.
/// </summary>
/// <param name="Name">NCCL's name of it.</param>
/// <param name="Start">Seconds until the first hop.</param>
/// <param name="IntraHop">Seconds from a GPU to the next one of its host.</param>
/// <param name="InterHop">Seconds from a host to the next.</param>
/// <param name="Share">The part of the links' bandwidth that carries data.</param>
/// <param name="Most">The bandwidth that it cannot pass, bytes a second; 0 for none.</param>
public sealed record RingProtocol(string Name, double Start, double IntraHop, double InterHop, double Share, double Most = 0)
{
    /// <summary>NCCL's constants of rings for Hopper over NVLink and a network (its src/graph/tuning.cc, versions 2.19 to 2.26; Intel processors).</summary>
    public static IReadOnlyList<RingProtocol> NcclRings { get; } =
    [
        new("LL", 6.6e-6, 1.0e-6, 2.7e-6, 0.25, 20.4e9),
        new("LL128", 14.0e-6, 1.9e-6, 4.0e-6, 0.92),
        new("Simple", 8.4e-6, 3.4e-6, 14.0e-6, 1),
    ];

    /// <summary>NCCL's constants of trees, for all-reduces of few bytes (the same file).</summary>
    public static IReadOnlyList<RingProtocol> NcclTrees { get; } =
    [
        new("LL", 6.8e-6, 0.6e-6, 5.0e-6, 0.24, 20.4e9),
        new("LL128", 14.0e-6, 1.25e-6, 8.5e-6, 0.86),
        new("Simple", 8.4e-6, 4.0e-6, 14.0e-6, 0.92),
    ];

    /// <summary>Seconds of a transfer.</summary>
    /// <param name="intraHops">Hops within hosts, one after another.</param>
    /// <param name="interHops">Hops between hosts.</param>
    /// <param name="bytes">Bytes that a GPU sends.</param>
    /// <param name="bandwidth">Of its slowest link, bytes a second.</param>
    public double Seconds(double intraHops, double interHops, double bytes, double bandwidth)
    {
        var rate = Most > 0 ? Math.Min(Most, bandwidth * Share) : bandwidth * Share;
        return Start + (intraHops * IntraHop) + (interHops * InterHop) + (bytes / rate);
    }
}
