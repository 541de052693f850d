using Flip.Devices;
using static TorchSharp.torch;

namespace Flip.Tests.Devices;

public sealed class OneAheadTests
{
    [Fact]
    public void The_next_batch_is_sent_before_the_last_one_is_read_and_each_is_waited_for_once()
    {
        var (events, before) = (new List<string>(), DeviceTraffic.OnThread);
        foreach (var (batch, numbers) in OneAhead.Read(Sent(4, events)))
        {
            events.Add($"read {batch}");
            Assert.Equal([batch, batch + 0.5f], numbers);
        }

        Assert.Equal(["sent 0", "sent 1", "read 0", "sent 2", "read 1", "sent 3", "read 2", "read 3"], events);
        Assert.Equal(new TrafficCount(Copies: 4, Bytes: 4 * 8, Waits: 4), DeviceTraffic.OnThread - before);
    }

    [Fact]
    public void A_batch_of_nothing_takes_its_turn_without_a_wait()
    {
        var before = DeviceTraffic.OnThread;
        var read = OneAhead.Read(Sent(3, []).Select(sent => sent.Batch == 1 ? (sent.Batch, null) : sent)).ToList();
        Assert.Equal([0, 1, 2], read.Select(batch => batch.Batch));
        Assert.Empty(read[1].Numbers);
        Assert.Equal(2, (DeviceTraffic.OnThread - before).Waits);
        Assert.Empty(OneAhead.Read(Sent(0, [])));
    }

    [Fact]
    public void What_the_source_fails_with_comes_behind_the_batch_before_it()
    {
        var read = new List<int>();
        var error = Assert.Throws<InvalidDataException>(() => ReadAll(Failing(2, new InvalidDataException("third")), read));
        Assert.Equal("third", error.Message);
        Assert.Equal([0, 1], read);
    }

    [Fact]
    public void A_cancellation_comes_at_once_and_the_batch_in_the_queue_is_lost()
    {
        var read = new List<int>();
        Assert.Throws<OperationCanceledException>(() => ReadAll(Failing(2, new OperationCanceledException()), read));
        Assert.Equal([0], read);
    }

    [Fact]
    public void A_cancellation_also_stops_before_the_last_batch_which_the_source_has_sent()
    {
        using var stop = new CancellationTokenSource();
        var read = new List<int>();
        Assert.Throws<OperationCanceledException>(() =>
        {
            foreach (var (batch, _) in OneAhead.Read(Sent(2, []), stop.Token))
            {
                read.Add(batch);
                stop.Cancel();
            }
        });
        Assert.Equal([0], read);
    }

    private static void ReadAll(IEnumerable<(int Batch, PendingResult? Result)> sent, List<int> read)
    {
        foreach (var (batch, _) in OneAhead.Read(sent))
        {
            read.Add(batch);
        }
    }

    private static IEnumerable<(int Batch, PendingResult? Result)> Failing(int after, Exception error)
    {
        foreach (var sent in Sent(after, []))
        {
            yield return sent;
        }

        throw error;
    }

    private static IEnumerable<(int Batch, PendingResult? Result)> Sent(int batches, List<string> events)
    {
        for (var batch = 0; batch < batches; batch++)
        {
            events.Add($"sent {batch}");
            using var numbers = DeviceTraffic.Send<float>([batch, batch + 0.5f], CPU, 2);
            yield return (batch, DeviceTraffic.StartRead(numbers));
        }
    }
}
