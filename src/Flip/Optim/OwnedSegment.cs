using Flip.Collectives;

namespace Flip.Optim;

/// <summary>Entries of the flat buffers that are updated alike and that this rank owns.</summary>
/// <param name="Segment">The entries.</param>
/// <param name="Moments">Where their moments begin among those of this rank.</param>
internal readonly record struct OwnedSegment(UpdateSegment Segment, long Moments)
{
    /// <summary>What of some segments lies in the pieces that a rank owns.</summary>
    /// <param name="segments">All segments, in order.</param>
    /// <param name="owned">The pieces, in order; the moments lie one behind another in the same order.</param>
    public static IEnumerable<OwnedSegment> Of(IReadOnlyList<UpdateSegment> segments, IReadOnlyList<Share> owned)
    {
        var moments = 0L;
        foreach (var piece in owned)
        {
            foreach (var segment in segments)
            {
                if (piece.Within(new Share(segment.Offset, segment.Count)) is { Count: > 0 } part)
                {
                    yield return new OwnedSegment(segment with { Offset = part.First, Count = part.Count }, moments + part.First - piece.First);
                }
            }

            moments += piece.Count;
        }
    }

    /// <summary>The same entries, cut as a device likes them (<see cref="UpdateSegment.Aligned"/>).</summary>
    public IEnumerable<OwnedSegment> Aligned()
    {
        var (offset, moments) = (Segment.Offset, Moments);
        return Segment.Aligned().Select(piece => new OwnedSegment(piece, moments + piece.Offset - offset));
    }
}
