using System.Collections.Concurrent;
using Flip.Collectives;
using Flip.Data.Images;
using Flip.Data.Order;
using Flip.Data.Pairs;
using Flip.Data.Shards;
using Flip.Randomness;
using Flip.Tokenizers;
using Flip.Training;

namespace Flip.Data.Loading;

/// <summary>
/// Reads, decodes and tokenizes image-text pairs, or images with their classes, on several threads. What comes out depends on data, seed and position alone:
/// it is the same for any number of threads, batch size or restart. A sample that cannot be used is replaced by another one,
/// which is a function of (seed, epoch, place, attempt) too.
/// <para>A batch that is disposed of is filled again.</para>
/// <para><see cref="Next"/> is for one thread; <see cref="BadSamples"/> may be read from others.</para>
/// </summary>
public sealed class BatchLoader : IBatchSource
{
    /// <summary>With half of all samples unusable, a hundred failures in a row mean that all of them are.</summary>
    private const int MaxAttempts = 100;

    private readonly ISampleReader _samples;
    private readonly BatchLoaderOptions _options;
    private readonly ISampleOrder _order;
    private readonly RowPipeline<Block> _pipeline;
    private readonly BadSampleLog _bad;
    private readonly List<Batch> _spare = [];
    private Division _division;
    private long _taken; // pairs handed out since the division began
    private long _planned; // and planned
    private bool _disposed;

    /// <summary>Starts reading pairs where <paramref name="options"/> say.</summary>
    /// <param name="index">The data set.</param>
    /// <param name="captions">How captions are found.</param>
    /// <param name="tokenizer">Turns captions into rows.</param>
    /// <param name="transform">Turns image files into pixels.</param>
    /// <param name="options">Everything else.</param>
    /// <exception cref="Flip.ConfigException">The pixels of a batch do not fit in an array.</exception>
    public BatchLoader(
        DataSetIndex index, CaptionReader captions, ITokenizer tokenizer, IImageTransform transform, BatchLoaderOptions options)
        : this(new ShardedPairs(index, captions), tokenizer, transform, options)
    {
    }

    /// <summary>Starts reading pairs of any source.</summary>
    /// <inheritdoc cref="BatchLoader(DataSetIndex, CaptionReader, ITokenizer, IImageTransform, BatchLoaderOptions)"/>
    /// <param name="pairs">The pairs.</param>
    public BatchLoader(PairSet pairs, ITokenizer tokenizer, IImageTransform transform, BatchLoaderOptions options)
        : this(new CaptionedSamples(pairs, tokenizer, transform, options), options)
    {
    }

    /// <summary>Starts reading images with their classes; all of them are shuffled together.</summary>
    /// <param name="labelled">The images, each of one class.</param>
    /// <param name="transform">Turns image files into pixels.</param>
    /// <param name="options">Everything else; the length of texts has no meaning.</param>
    /// <exception cref="Flip.ConfigException">The pixels of a batch do not fit in an array, or an image has several classes.</exception>
    public BatchLoader(LabelledImages labelled, IImageTransform transform, BatchLoaderOptions options)
        : this(new LabelledSamples(labelled, transform), options)
    {
    }

    private BatchLoader(ISampleReader samples, BatchLoaderOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.PrefetchBatches);
        ArgumentOutOfRangeException.ThrowIfNegative(options.Start);
        ArgumentOutOfRangeException.ThrowIfNegative(options.BatchSize);
        ArgumentOutOfRangeException.ThrowIfNegative(options.PartSize);
        ArgumentOutOfRangeException.ThrowIfNegative(options.Rank);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(options.Rank, options.World);
        if (options.World > 1)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(options.BatchSize, options.World); // else nobody knows where a rank's share is
        }

        var share = Share.Of(options.BatchSize, options.World, options.Rank);
        var inParts = options.PartSize > 0 && options.PartSize < share.Count;
        _division = new Division(options.Start, options.BatchSize, (int)share.First, (int)share.Count, inParts ? options.PartSize : (int)share.Count);
        if (options.Layout is null)
        {
            BatchSizeLimit.Check(inParts ? "train.microBatch" : "train.batchSize", _division.Part, samples.ImageSize);
        }

        (_samples, _options) = (samples, options);
        _order = samples.Order(options.Seed, options.ShuffleShards);
        _bad = new BadSampleLog(options.MaxBadShare, samples.Describe);
        samples.Begin(_order, options.Start);
        _pipeline = new RowPipeline<Block>(options.Workers, Fill, block => _samples.Finish(block.Batch));
        try
        {
            PlanAhead(options.BatchSize > 0 ? options.PrefetchBatches : 0);
        }
        catch
        {
            Dispose(); // the threads are running
            throw;
        }
    }

    /// <inheritdoc/>
    public long SamplesPerEpoch => _order.SamplesPerEpoch;

    /// <inheritdoc/>
    /// <remarks>Where ranks share the batches, that of this rank's next pair.</remarks>
    public long Position => _division.PositionOf(_taken);

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, long> BadSamples => _bad.Counts();

    /// <inheritdoc/>
    public Batch Next(int size, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        ObjectDisposedException.ThrowIf(_disposed, this);
        if ((_pipeline.Head?.Rows ?? _division.SizeAt(_planned)) != size)
        {
            if (_options.World > 1)
            {
                throw new ArgumentException($"The next pairs of this rank's share are {_division.SizeAt(_taken)}, not {size}.", nameof(size));
            }

            // Not what was expected: whole batches of this size from here on.
            _pipeline.Clear();
            DropSpare();
            _division = new Division(Position, size, 0, size, size);
            _taken = _planned = 0;
        }

        PlanAhead(1);
        var block = _pipeline.Take(cancellation);
        _taken += size;
        _bad.Add(size, block.Bad);
        PlanAhead(_options.PrefetchBatches);
        var isOut = true;
        return block.Batch with
        {
            Release = _ =>
            {
                if (isOut)
                {
                    isOut = false;
                    TakeBack(block.Batch);
                }
            },
        };
    }

    /// <inheritdoc/>
    public bool IsReady(int size) => !_disposed && _pipeline.IsReady(size);

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        _pipeline.Dispose(); // memory of unfinished blocks is left to the garbage collector: a thread may still be in it
        _samples.Dispose();
        DropSpare();
    }

    private void TakeBack(Batch batch)
    {
        _spare.Add(batch);
        if (_disposed)
        {
            DropSpare();
        }
    }

    private void DropSpare()
    {
        _spare.ForEach(batch => batch.Rows?.Dispose());
        _spare.Clear();
    }

    private void PlanAhead(int batches)
    {
        while (_pipeline.Count < batches)
        {
            var size = _division.SizeAt(_planned);
            var first = _division.PositionOf(_planned);
            if (_samples.ReadsAhead)
            {
                _samples.Ahead(first, [.. Enumerable.Range(0, size).Select(row => _order.At(first + row).Sample)]);
            }

            _pipeline.Put(new Block(_samples.NewBatch(size, _division.StepOf(_planned), TakeSpare(size)), first));
            _planned += size;
        }
    }

    private Batch? TakeSpare(int size)
    {
        var at = _spare.FindIndex(batch => batch.Size == size);
        if (at < 0)
        {
            return null;
        }

        var batch = _spare[at];
        _spare.RemoveAt(at);
        return batch;
    }

    private void Fill(Block block, int row)
    {
        var place = _order.At(block.Start + row);
        var sample = place.Sample;
        var replacements = new CounterRandom(_options.Seed, RandomPurpose.Replacement, place.Epoch, place.Place);
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            try
            {
                _samples.Read(block.Batch, row, place.Epoch, sample);
                block.Batch.Samples[row] = sample;
                block.Batch.Epochs[row] = place.Epoch;
                return;
            }
            catch (BadSampleException e)
            {
                block.Bad.Enqueue(new BadSample(row, sample, e.Cause, e.Message));
            }
            catch (Exception e) when (e is not (IOException or ObjectDisposedException))
            {
                throw new InvalidOperationException($"The sample {_samples.Describe(sample)} stopped the loader: {e.Message}", e);
            }

            var (source, count) = _order.SourceOf(place.Sample);
            sample = source + (long)(replacements.NextDouble() * count);
        }

        var last = block.Bad.Last(bad => bad.Row == row);
        throw new TooManyBadSamplesException(
            $"{MaxAttempts} samples in a row could not be used; the last was {_samples.Describe(last.Sample)}: {last.Cause}, {last.Message}");
    }

    /// <summary>What the following calls are expected to ask for. Pairs are counted as this process hands them out, from where the division begins.</summary>
    /// <param name="Start">Position of a batch's first pair.</param>
    /// <param name="Batch">Pairs of a batch; 0 before the first call where it is not known.</param>
    /// <param name="First">Place in a batch of this process's first pair.</param>
    /// <param name="Count">Pairs of a batch that this process reads.</param>
    /// <param name="Part">Pairs of a call, the last of a batch left out.</param>
    private readonly record struct Division(long Start, int Batch, int First, int Count, int Part)
    {
        /// <summary>Pairs of the call that begins with a pair: a part, or what is left of a batch.</summary>
        public int SizeAt(long pair) => Count == 0 ? 0 : Math.Min(Part, Count - (int)(pair % Count));

        /// <summary>Position at which the step begins that a pair belongs to.</summary>
        public long StepOf(long pair) => Count == 0 ? Start : Start + (pair / Count * Batch);

        /// <summary>Position of a pair.</summary>
        public long PositionOf(long pair) => Count == 0 ? Start : StepOf(pair) + First + (pair % Count);
    }

    /// <summary>A batch in the making.</summary>
    private sealed class Block(Batch batch, long start) : RowBlock(batch.Size)
    {
        public Batch Batch { get; } = batch;

        public long Start { get; } = start;

        public ConcurrentQueue<BadSample> Bad { get; } = new();
    }
}
