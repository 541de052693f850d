using System.Runtime.InteropServices;
using Flip.Distributed;

namespace Flip.Tests.Distributed;

public sealed class OrderedSumTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1027)]
    public void Entries_are_added_in_the_order_of_the_ranks(int count)
    {
        var ranks = Enumerable.Range(0, 3).Select(rank => Enumerable.Range(0, count).Select(i => MathF.Sin(i) * MathF.Pow(1000, rank)).ToArray()).ToArray();
        var expected = Enumerable.Range(0, count).Select(i => ranks[0][i] + ranks[1][i] + ranks[2][i]).ToArray();
        var pins = ranks.Select(one => GCHandle.Alloc(one, GCHandleType.Pinned)).ToArray();
        OrderedSum.Add(NumberType.Float, pins[1].AddrOfPinnedObject(), [.. pins.Select(pin => pin.AddrOfPinnedObject())], count); // into one of the sources
        Array.ForEach(pins, pin => pin.Free());
        Assert.Equal(expected, ranks[1]);
    }
}
