using Flip.Models;
using Flip.Optim;
using static TorchSharp.torch;

namespace Flip.Tests.Optim;

public sealed class UpdateSegmentTests
{
    [Fact]
    public void Neighbours_of_one_rate_and_decay_are_one_segment()
    {
        using var parameters = new FlatParameters();
        foreach (var (name, count, decays) in new[] { ("a", 3, true), ("low", 32, true), ("b", 5, false), ("c", 33, true), ("d", 7, true) })
        {
            parameters.Add(name, [count], Initializer.Constant(0), decays);
        }

        parameters.Allocate(ScalarType.Float32, CPU, null, trains: true); // in the order a, low, c, d, b
        Assert.Equal([0, 32, 64, 128, 160], parameters.All.Select(parameter => parameter.Offset)); // multiples of 32
        Assert.Equal((192, 160), (parameters.Count, parameters.DecayedCount));
        Assert.Equal([new(0, 160, 1, true), new(160, 32, 1, false)], UpdateSegment.Divide(parameters, _ => 1));
        Assert.Equal(
            [new(0, 32, 1, true), new(32, 32, 0.5, true), new(64, 96, 1, true), new(160, 32, 1, false)],
            UpdateSegment.Divide(parameters, parameter => parameter.Name == "low" ? 0.5 : 1));
    }

    [Theory]
    [InlineData(0, 8, new long[] { 8 })]
    [InlineData(4, 9, new long[] { 8, 1 })]
    [InlineData(1, 1, new long[] { 1 })]
    [InlineData(1, 2, new long[] { 2 })]
    [InlineData(1, 3, new long[] { 3 })]
    [InlineData(1, 4, new long[] { 3, 1 })]
    [InlineData(1, 12, new long[] { 3, 8, 1 })]
    [InlineData(5, 3_000_000_000, new long[] { 3, 2_999_999_996, 1 })]
    public void Cuts_are_at_multiples_of_four(long offset, long count, long[] counts)
    {
        var segment = new UpdateSegment(offset, count, 0.5, true);
        var pieces = segment.Aligned().ToList();
        Assert.Equal(counts, pieces.Select(piece => piece.Count));
        Assert.Equal(offset, pieces[0].Offset);
        Assert.All(pieces.Skip(1), piece => Assert.Equal(0, piece.Offset % 4));
        Assert.All(pieces, piece => Assert.Equal((0.5, true), (piece.RateFactor, piece.Decays)));
    }
}
