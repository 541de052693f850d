using Flip.Collectives;

namespace Flip.Distributed;

/// <summary>Numbers the ranks of each machine.</summary>
internal static class RankPlaces
{
    /// <summary>The places of ranks whose machines have these names.</summary>
    public static IReadOnlyList<RankPlace> Of(IReadOnlyList<string> hosts)
    {
        var all = hosts.CountBy(host => host).ToDictionary();
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        return [.. hosts.Select((host, rank) => new RankPlace(rank, host, (seen[host] = seen.GetValueOrDefault(host, -1) + 1), all[host]))];
    }
}
