using System.Diagnostics;
using System.Runtime.ExceptionServices;
using static TorchSharp.torch;

namespace Flip.Training;

/// <summary>
/// A batch whose parts stay on the device for both passes. They come one by one, so the device computes the first while the others are read.
/// Dispose of it after a wait for the device: until then copies from the parts' memory may be under way.
/// </summary>
public sealed class HeldBatch : IDividedBatch, IDisposable
{
    private readonly int _part;
    private readonly Func<int, int, CancellationToken, Batch> _read;
    private readonly PairLayout _layout;
    private readonly double _maskRatio;
    private readonly StepClock? _clock;
    private readonly List<BatchPart> _parts = [];
    private readonly List<IDisposable> _memory = [];
    private ExceptionDispatchInfo? _fault;

    private HeldBatch(
        int size, int part, PairLayout layout, double maskRatio, Func<int, int, CancellationToken, Batch> read, StepClock? clock)
    {
        (Size, _part, _layout, _maskRatio, _read, _clock) = (size, Math.Min(part, size), layout, maskRatio, read, clock);
    }

    /// <inheritdoc/>
    public int Size { get; }

    /// <summary>Time spent waiting for parts.</summary>
    public TimeSpan Waited { get; private set; }

    /// <summary>Stops the reading.</summary>
    public CancellationToken Cancellation { get; set; }

    private int NextSize => Math.Min(_part, Size - Taken);

    private int Taken => _parts is [.., var last] ? last.First + last.Count : 0;

    /// <summary>The next pairs of a source.</summary>
    /// <param name="source">Where they come from.</param>
    /// <param name="size">Pairs of the batch.</param>
    /// <param name="part">Pairs of a part, 1 or more; the last part may be smaller.</param>
    /// <param name="layout">How a step gets them.</param>
    /// <param name="maskRatio">Share of each image's patches that is removed, [0, 1).</param>
    /// <param name="clock">Counts the waiting apart from the rest; null for nothing.</param>
    public static HeldBatch Read(IBatchSource source, int size, int part, PairLayout layout, double maskRatio, StepClock? clock = null) =>
        new(size, part, layout, maskRatio, (_, count, cancellation) => source.Next(count, cancellation), clock);

    /// <summary>A batch of whole images.</summary>
    /// <param name="batch">All pairs; not owned.</param>
    /// <param name="part">Pairs of a part, 1 or more; the last part may be smaller.</param>
    /// <param name="layout">How a step gets them.</param>
    /// <param name="maskRatio">Share of each image's patches that is removed, [0, 1).</param>
    public static HeldBatch Of(Batch batch, int part, PairLayout layout, double maskRatio)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return new HeldBatch(
            batch.Size,
            part,
            layout,
            maskRatio,
            (first, count, _) => new Batch(batch.ImageSize, batch.TextLength, [], [], [], new long[count], [])
            {
                Rows = PairRows.Of(batch, first, count, layout, maskRatio),
                Release = own => own.Rows!.Dispose(),
            },
            null);
    }

    /// <summary>Takes the first part now if its source has it ready, so that it is copied while the device computes the step before.</summary>
    /// <param name="source">The source.</param>
    public void Begin(IBatchSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (_parts.Count == 0 && source.IsReady(NextSize))
        {
            try
            {
                Take();
            }
            catch (Exception e)
            {
                _fault = ExceptionDispatchInfo.Capture(e); // the step before is not to be lost by it
            }
        }
    }

    /// <inheritdoc/>
    public IEnumerable<BatchPart> Parts()
    {
        for (var i = 0; i < _parts.Count || Taken < Size; i++)
        {
            if (i == _parts.Count)
            {
                Take();
            }

            yield return _parts[i];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _parts.ForEach(part => part.Inputs.Dispose());
        _memory.ForEach(memory => memory.Dispose());
        _parts.Clear();
        _memory.Clear();
    }

    private void Take()
    {
        _fault?.Throw();
        var (first, count) = (Taken, NextSize);
        var started = Stopwatch.GetTimestamp();
        var batch = _read(first, count, Cancellation);
        Waited += Stopwatch.GetElapsedTime(started);
        _clock?.Lap(StepPart.Data);
        _memory.Add(batch);
        _parts.Add(new BatchPart(Send(batch, _layout, _maskRatio, _memory), first, count));
        _clock?.Lap(StepPart.Inputs);
    }

    /// <summary>Sends a batch, whose rows are made here where its source has not made them.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="layout">How a step gets it.</param>
    /// <param name="maskRatio">Share of each image's patches that is removed, [0, 1).</param>
    /// <param name="memory">Receives what has to live as long as the copies take.</param>
    internal static StepInputs Send(Batch batch, PairLayout layout, double maskRatio, ICollection<IDisposable> memory)
    {
        if (batch.Rows is { } made && made.MaskRatio != maskRatio)
        {
            throw new InvalidOperationException($"A batch was laid out for a mask of {made.MaskRatio}, and the step's is {maskRatio}.");
        }

        var rows = batch.Rows ?? PairRows.Of(batch, 0, batch.Size, layout, maskRatio);
        if (batch.Rows is null)
        {
            memory.Add(rows);
        }

        using var scope = NewDisposeScope();
        return rows.Send().Detached();
    }
}
