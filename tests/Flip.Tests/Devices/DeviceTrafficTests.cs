using Flip.Devices;
using static TorchSharp.torch;

namespace Flip.Tests.Devices;

public class DeviceTrafficTests
{
    [Fact]
    public void Copies_their_bytes_and_waits_are_counted_by_thread()
    {
        using var scope = NewDisposeScope();
        var before = DeviceTraffic.OnThread;
        var numbers = DeviceTraffic.Send<float>([1, 2, 3, 4], CPU, 2, 2);
        Assert.Equal(new TrafficCount(1, 16, 0), DeviceTraffic.OnThread - before);
        Assert.Equal([1f, 2, 3, 4], DeviceTraffic.Read(numbers));
        Assert.Equal([3, 10.0], DeviceTraffic.ReadNumbers([numbers[1, 0], numbers.sum()]));
        Assert.Equal(new TrafficCount(1, 16, 2), DeviceTraffic.OnThread - before);
        var other = new TrafficCount(1, 1, 1);
        var thread = new Thread(() => other = DeviceTraffic.OnThread);
        thread.Start();
        thread.Join();
        Assert.Equal(default, other);
    }

    [Fact]
    public void There_is_nothing_to_wait_for_on_the_processor()
    {
        var before = DeviceTraffic.OnThread;
        DeviceTraffic.Wait(CPU);
        Assert.Equal(default, DeviceTraffic.OnThread - before);
    }

    [Fact]
    public void Numbers_of_fp64_are_read_exactly()
    {
        using var scope = NewDisposeScope();
        Assert.Equal([1.0000000000000002, 0.1f], DeviceTraffic.ReadNumbers([tensor(1.0000000000000002), tensor(0.1f)]));
    }
}
