using System.Globalization;

namespace Flip.Distributed;

/// <summary>How long ranks wait for each other, and how much one call carries.</summary>
public sealed record CollectiveLimits
{
    /// <summary>Environment variable with the seconds of <see cref="Timeout"/>.</summary>
    public const string TimeoutVariable = "FLIP_COLLECTIVE_TIMEOUT";

    /// <summary>Exit code of processes that have lost other ranks: the run can go on from its newest checkpoint.</summary>
    public const int LostCode = 75;

    private const double LongestTimeout = 7 * 86400;

    /// <summary>How long MPI may take to start, for which all processes must be there.</summary>
    public TimeSpan Starting { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long an operation may take from when this rank waits for it.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a rank waits until it asks whether all others live, again and again: a machine that is gone is noticed long before <see cref="Timeout"/>.</summary>
    public TimeSpan Liveness { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long the others have to answer, once an operation has taken too long, whether they came.</summary>
    public TimeSpan Inquiry { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>After a failure: how long a rank that does its last work may be silent before the others give it up. It says every fifth of this that it lives.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>After a failure: how long the last work of all may take.</summary>
    public TimeSpan Closing { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Without a failure: how long a rank that has finished waits for the last one.</summary>
    public TimeSpan Ending { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Entries or bytes of one call of MPI, whose counts are 32-bit numbers; more go in pieces.</summary>
    internal long MostOfCall { get; init; } = 1 << 30;

    /// <summary>Bytes of other ranks that are held while a sum is made.</summary>
    internal long SumBuffer { get; init; } = 4 << 20;

    /// <summary>Bytes up to which a sum is MPI's own, which has the fewest messages; from there on each rank sums a part, which sends the fewest bytes.</summary>
    internal long SmallSum { get; init; } = 16 << 10;

    /// <summary>The usual limits, with the time-out of the environment.</summary>
    /// <exception cref="ConfigException">It is no number of seconds.</exception>
    public static CollectiveLimits OfEnvironment() => Of(Environment.GetEnvironmentVariable(TimeoutVariable));

    /// <summary>The usual limits, with a time-out in seconds as a user writes it; null for the usual one.</summary>
    /// <exception cref="ConfigException">It is no number of seconds.</exception>
    internal static CollectiveLimits Of(string? seconds)
    {
        if (string.IsNullOrEmpty(seconds))
        {
            return new CollectiveLimits();
        }

        return double.TryParse(seconds, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value is > 0 and <= LongestTimeout
            ? new CollectiveLimits { Timeout = TimeSpan.FromSeconds(value) }
            : throw new ConfigException(FormattableString.Invariant($"{TimeoutVariable}={seconds}: must be seconds, more than 0 and at most {LongestTimeout}."));
    }
}
