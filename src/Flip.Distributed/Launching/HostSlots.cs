using System.Globalization;

namespace Flip.Distributed.Launching;

/// <summary>A machine, and how many ranks it takes.</summary>
/// <param name="Host">Its name.</param>
/// <param name="Slots">Ranks, 1 or more.</param>
public sealed record HostSlots(string Host, int Slots)
{
    /// <summary>The machine that launches.</summary>
    public const string Local = "localhost";

    private const int MostRanks = 1_000_000; // ten times the GPUs of the largest cluster

    /// <summary>Reads machines as users write them: <c>a,b</c> divides the ranks evenly, <c>a:8,b:4</c> says how many each takes.</summary>
    /// <param name="text">The machines; null for this one alone.</param>
    /// <param name="ranks">Ranks of all.</param>
    /// <exception cref="ConfigException">A name is missing or twice, or the slots are too few.</exception>
    public static IReadOnlyList<HostSlots> Parse(string? text, int ranks)
    {
        if (ranks is < 1 or > MostRanks)
        {
            throw new ConfigException(FormattableString.Invariant($"-n {ranks}: must be from 1 to {MostRanks}."));
        }

        if (text is null)
        {
            return [new HostSlots(Local, ranks)];
        }

        var parts = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(part => part.Split(':')).ToList();
        if (parts.Count == 0 || parts.Any(part => part.Length > 2 || !IsName(part[0])) || parts.Select(part => part[0]).Distinct(StringComparer.Ordinal).Count() < parts.Count)
        {
            throw new ConfigException($"--hosts {text}: write names that differ, such as node1,node2 or node1:8,node2:4.");
        }

        var even = (ranks + parts.Count - 1) / parts.Count;
        var hosts = parts.Select(part => new HostSlots(part[0], part.Length == 1 ? even : ParseSlots(part[1], text))).ToList();
        return hosts.Sum(host => host.Slots) >= ranks
            ? hosts
            : throw new ConfigException(FormattableString.Invariant($"--hosts {text}: has room for {hosts.Sum(host => host.Slots)} ranks, and -n asks for {ranks}."));
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Host}:{Slots}");

    /// <summary>A name becomes an argument of mpirun: nothing that it, or a shell of its, could take for anything else.</summary>
    private static bool IsName(string name) => name.Length > 0 && name[0] != '-' && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_');

    private static int ParseSlots(string text, string all) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var slots) && slots is > 0 and <= MostRanks
        ? slots
        : throw new ConfigException($"--hosts {all}: '{text}' is no number of ranks.");
}
