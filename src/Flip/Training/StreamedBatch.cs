using System.Diagnostics;
using Flip.Devices;

namespace Flip.Training;

/// <summary>
/// A batch of which one part at a time is in memory. The order is a function of the position, so a second source that stands where
/// the first one stood gives the same parts again, decoded anew. On a GPU each part waits for the one before: its memory is written again.
/// </summary>
/// <param name="first">Gives the parts of the first pass.</param>
/// <param name="second">Gives those of the second; at the same position.</param>
/// <param name="size">Pairs of the batch.</param>
/// <param name="part">Pairs of a part; the last one may be smaller.</param>
/// <param name="layout">How a step gets them.</param>
/// <param name="maskRatio">Share of each image's patches that is removed, [0, 1).</param>
/// <param name="cancellation">Stops the reading.</param>
public sealed class StreamedBatch(
    IBatchSource first, IBatchSource second, int size, int part, PairLayout layout, double maskRatio, CancellationToken cancellation)
    : IDividedBatch, IDisposable
{
    private readonly long[] _samples = new long[size];
    private readonly int[] _epochs = new int[size];
    private readonly List<IDisposable> _open = [];
    private int _passes;

    /// <inheritdoc/>
    public int Size => size;

    /// <summary>Time spent waiting for parts.</summary>
    public TimeSpan Waited { get; private set; }

    /// <inheritdoc/>
    /// <exception cref="IOException">The second pass reads other samples than the first: the data changed between them.</exception>
    public IEnumerable<BatchPart> Parts()
    {
        var source = _passes++ switch
        {
            0 => first,
            1 => second,
            _ => throw new InvalidOperationException("A streamed batch can be gone through twice."),
        };
        for (var start = 0; start < size; start += part)
        {
            if (_open.Count > 0)
            {
                DeviceTraffic.Wait(layout.Device); // its memory is written again
            }

            Dispose();
            var started = Stopwatch.GetTimestamp();
            var batch = source.Next(Math.Min(part, size - start), cancellation);
            Waited += Stopwatch.GetElapsedTime(started);
            _open.Add(batch);
            CheckIsSame(batch, start, isNew: ReferenceEquals(source, first));
            var inputs = HeldBatch.Send(batch, layout, maskRatio, _open);
            _open.Insert(0, inputs);
            yield return new BatchPart(inputs, start, batch.Size);
        }
    }

    /// <summary>Lets go of the part that is in memory; after a wait for the device, unless it has failed.</summary>
    public void Dispose()
    {
        _open.ForEach(item => item.Dispose());
        _open.Clear();
    }

    /// <summary>A sample that becomes unreadable between the passes is replaced by another one, and its gradient would be wrong.</summary>
    private void CheckIsSame(Batch batch, int start, bool isNew)
    {
        var samples = _samples.AsSpan(start, batch.Size);
        var epochs = _epochs.AsSpan(start, batch.Size);
        if (isNew)
        {
            batch.Samples.CopyTo(samples);
            batch.Epochs.CopyTo(epochs);
        }
        else if (!samples.SequenceEqual(batch.Samples) || !epochs.SequenceEqual(batch.Epochs))
        {
            throw new IOException(
                $"The second pass over a step reads other samples than the first, among the {batch.Size} up to position {second.Position}: the data changed meanwhile.");
        }
    }
}
