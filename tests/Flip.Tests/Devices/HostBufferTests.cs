using Flip.Devices;
using static TorchSharp.torch;

namespace Flip.Tests.Devices;

public class HostBufferTests
{
    [Fact]
    public void What_is_written_is_what_is_sent_and_the_processor_copies_nothing()
    {
        using var scope = NewDisposeScope();
        using var buffer = new HostBuffer<long>(6, CPU);
        new long[] { 1, 2, 3, 4, 5, 6 }.CopyTo(buffer.Span(0, 6));
        var sent = buffer.Send(2, 2);
        Assert.Equal([2, 2], sent.shape);
        Assert.Equal([1, 2, 3, 4], sent.data<long>().ToArray());
        buffer.Span(1, 1)[0] = 9;
        Assert.Equal(9, sent[0, 1].item<long>());
    }

    [Fact]
    public void A_tensor_that_was_sent_outlives_its_buffer()
    {
        using var scope = NewDisposeScope();
        var sent = DeviceTraffic.Send<float>([1, 2, 3], CPU, 3);
        for (var i = 0; i < 50; i++)
        {
            DeviceTraffic.Send<float>(new float[1000], CPU, 1000);
        }

        Assert.Equal([1f, 2, 3], sent.data<float>().ToArray());
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, 7)]
    [InlineData(6, 1)]
    [InlineData(long.MaxValue, 1)]
    public void Nothing_beyond_the_buffer_is_reached(long start, int count)
    {
        using var buffer = new HostBuffer<byte>(6, CPU);
        Assert.ThrowsAny<ArgumentException>(() => buffer.Span(start, count).Length);
    }

    [Fact]
    public void A_buffer_that_is_disposed_of_is_not_reached()
    {
        var buffer = new HostBuffer<byte>(6, CPU);
        buffer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => buffer.Span(0, 1).Length);
        Assert.Throws<ObjectDisposedException>(() => buffer.Send(1));
    }

    [Fact]
    public void Types_that_libtorch_lacks_are_refused() =>
        Assert.Throws<NotSupportedException>(() => new HostBuffer<decimal>(1, CPU));
}
