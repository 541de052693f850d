using System.Text.Json;

namespace Flip.Collectives;

/// <summary>Whether ranks are about to share one work, before they put together what is not of one: other files, another device, other settings.</summary>
public static class SameWork
{
    /// <summary>Compares with rank 0 what the work depends on.</summary>
    /// <param name="ranks">The ranks; a single process has nothing to compare.</param>
    /// <param name="facts">What the work depends on, in words.</param>
    /// <exception cref="ConfigException">A rank's are other ones; on all ranks.</exception>
    public static void Require(ICommunicator ranks, params IEnumerable<string> facts)
    {
        ArgumentNullException.ThrowIfNull(ranks);
        if (ranks.World == 1)
        {
            return;
        }

        var all = Array.ConvertAll(
            ranks.Exchange(JsonSerializer.SerializeToUtf8Bytes(facts.ToArray())), bytes => JsonSerializer.Deserialize<string[]>(bytes)!);
        foreach (var (rank, others) in all.Index())
        {
            if (!others.SequenceEqual(all[0]))
            {
                throw new ConfigException(
                    $"The ranks do not share one work: rank 0 has {Without(all[0], others)}, and rank {rank} on {ranks.Places[rank].Host} has {Without(others, all[0])}.");
            }
        }
    }

    private static string Without(string[] facts, string[] others) =>
        facts.Except(others).ToArray() is { Length: > 0 } own ? string.Join(", ", own) : "nothing more";
}
