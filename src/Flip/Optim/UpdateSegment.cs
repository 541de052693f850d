using Flip.Models;

namespace Flip.Optim;

/// <summary>Consecutive entries of the flat buffers that are updated alike.</summary>
/// <param name="Offset">The first entry.</param>
/// <param name="Count">Entries.</param>
/// <param name="RateFactor">Factor on the learning rate.</param>
/// <param name="Decays">Weight decay applies.</param>
internal readonly record struct UpdateSegment(long Offset, long Count, double RateFactor, bool Decays)
{
    /// <summary>Entries that a device reads and writes at once: 16 bytes.</summary>
    private const int Group = 4;

    /// <summary>All parameters with the zeros behind them, which an update leaves 0. Neighbours that are updated alike are joined: two segments where all rates are one.</summary>
    public static IReadOnlyList<UpdateSegment> Divide(FlatParameters parameters, Func<Parameter, double> rateFactor)
    {
        var segments = new List<UpdateSegment>();
        foreach (var parameter in parameters.All)
        {
            var factor = rateFactor(parameter);
            if (segments is [.., var last] && last.RateFactor == factor && last.Decays == parameter.Decays)
            {
                segments[^1] = last with { Count = last.Count + parameter.Room };
            }
            else
            {
                segments.Add(new UpdateSegment(parameter.Offset, parameter.Room, factor, parameter.Decays));
            }
        }

        return segments;
    }

    /// <summary>
    /// The same entries, cut where a multiple of four begins and where the last one ends. A kernel that gets a list moves 16 bytes at a time only in those of
    /// its tensors that begin at a multiple of it and end at one, and a single logit scale shifts all that lies behind it.
    /// </summary>
    public IEnumerable<UpdateSegment> Aligned()
    {
        var end = Offset + Count;
        var first = Math.Min((Offset + Group - 1) / Group * Group, end);
        long[] cuts = [Offset, first, Math.Max(end / Group * Group, first), end];
        for (var i = 1; i < cuts.Length; i++)
        {
            if (cuts[i - 1] < cuts[i])
            {
                yield return this with { Offset = cuts[i - 1], Count = cuts[i] - cuts[i - 1] };
            }
        }
    }
}
