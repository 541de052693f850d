using System.Globalization;

namespace Flip.Data.Shards;

/// <summary>What was left out of shards, for people: a few lines, however many shards there are.</summary>
internal static class ShardFindings
{
    private const int ShownOfCause = 2;

    /// <summary>Damage by cause: the first messages of each, and how many more there are.</summary>
    public static IEnumerable<string> OfDamage(IEnumerable<ShardDamage> damage)
    {
        foreach (var cause in damage.GroupBy(found => found.Cause).Select(group => group.ToList()))
        {
            foreach (var found in cause.Take(ShownOfCause))
            {
                yield return found.Message;
            }

            if (cause.Count > ShownOfCause)
            {
                yield return string.Create(
                    CultureInfo.InvariantCulture,
                    $"{cause.Count - ShownOfCause:N0} more shards are like these ({cause[0].Cause}: {cause.Sum(found => found.Count):N0} in all).");
            }
        }
    }

    /// <summary>Members that no sample uses, by extension; null where there are none.</summary>
    public static string? OfUnused(IReadOnlyDictionary<string, long> unused) => Unused.Describe(unused, "members that no sample uses");
}
