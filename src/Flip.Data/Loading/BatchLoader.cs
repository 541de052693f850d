using System.Collections.Concurrent;
using Flip.Data.Formats;
using Flip.Data.Images;
using Flip.Data.Order;
using Flip.Data.Sources;
using Flip.Randomness;
using Flip.Tokenizers;
using Flip.Training;

namespace Flip.Data.Loading;

/// <summary>
/// Reads, decodes and tokenizes image-text pairs on several threads. What comes out depends on data, seed and position alone:
/// it is the same for any number of threads, batch size or restart. A sample that cannot be used is replaced by another one,
/// which is a function of (seed, epoch, place, attempt) too.
/// <para>A batch is valid until the next call of <see cref="Next"/>, which reuses its arrays.</para>
/// <para><see cref="Next"/> is for one thread; <see cref="BadSamples"/> may be read from others.</para>
/// </summary>
public sealed class BatchLoader : IBatchSource
{
    /// <summary>With half of all samples unusable, a hundred failures in a row mean that all of them are.</summary>
    private const int MaxAttempts = 100;

    private readonly DataSetIndex _index;
    private readonly ITokenizer _tokenizer;
    private readonly IImageTransform _transform;
    private readonly CaptionReader _captions;
    private readonly BatchLoaderOptions _options;
    private readonly SampleOrder _order;
    private readonly ShardFiles _files;
    private readonly RowPipeline<Block> _pipeline;
    private readonly BadSampleLog _bad;
    private readonly Stack<Batch> _spare = new();
    private Batch? _delivered;
    private long _planned;
    private bool _disposed;

    /// <summary>Starts reading where <paramref name="options"/> say.</summary>
    /// <param name="index">The data set.</param>
    /// <param name="captions">How captions are found.</param>
    /// <param name="tokenizer">Turns captions into rows.</param>
    /// <param name="transform">Turns image files into pixels.</param>
    /// <param name="options">Everything else.</param>
    /// <exception cref="Flip.Config.ConfigException">The pixels of a batch do not fit in an array.</exception>
    public BatchLoader(
        DataSetIndex index, CaptionReader captions, ITokenizer tokenizer, IImageTransform transform, BatchLoaderOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.TextLength);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.PrefetchBatches);
        ArgumentOutOfRangeException.ThrowIfNegative(options.Start);
        ArgumentOutOfRangeException.ThrowIfNegative(options.BatchSize);
        ArgumentOutOfRangeException.ThrowIfNegative(options.Rank);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(options.Rank, options.World);
        ArgumentNullException.ThrowIfNull(transform);
        BatchSizeLimit.Check("train.batchSize", options.BatchSize, transform.Size);
        (_index, _captions, _tokenizer, _transform, _options) = (index, captions, tokenizer, transform, options);
        _order = new SampleOrder([.. index.Shards.Select(shard => shard.Count)], options.Seed, options.ShuffleShards);
        _bad = new BadSampleLog(options.MaxBadShare, index.Describe);
        Position = _planned = options.Start;
        _files = index.OpenFiles();
        _pipeline = new RowPipeline<Block>(options.Workers, Fill);
        if (options.BatchSize > 0)
        {
            PlanAhead(options.BatchSize, options.PrefetchBatches);
        }
    }

    /// <inheritdoc/>
    public long SamplesPerEpoch => _order.SamplesPerEpoch;

    /// <inheritdoc/>
    /// <remarks>Counted over all ranks: a call moves it by its size times the number of ranks.</remarks>
    public long Position { get; private set; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, long> BadSamples => _bad.Counts();

    /// <inheritdoc/>
    public Batch Next(int size, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_delivered is { } used)
        {
            _spare.Push(used);
            _delivered = null;
        }

        if (_pipeline.Head is { } head && head.Rows != size)
        {
            _pipeline.Clear();
            _planned = Position;
        }

        PlanAhead(size, 1);
        var block = _pipeline.Take(cancellation);
        _delivered = block.Batch;
        Position += (long)size * _options.World;
        _bad.Add(size, block.Bad);
        PlanAhead(size, _options.PrefetchBatches);
        return _delivered;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        _pipeline.Dispose();
        _files.Dispose();
    }

    private void PlanAhead(int size, int batches)
    {
        while (_pipeline.Count < batches)
        {
            var batch = _spare.TryPop(out var used) && used.Size == size ? used : NewBatch(size);
            _pipeline.Put(new Block(batch, _planned));
            _planned += (long)size * _options.World;
        }
    }

    private Batch NewBatch(int size) => new(
        _transform.Size,
        _options.TextLength,
        GC.AllocateUninitializedArray<byte>(checked(size * _transform.Size * _transform.Size * 3)),
        new int[size * _options.TextLength],
        new int[size],
        new long[size],
        new int[size]);

    private void Fill(Block block, int row)
    {
        var place = _order.At(block.Start + ((long)row * _options.World) + _options.Rank);
        var sample = place.Sample;
        var replacements = new CounterRandom(_options.Seed, RandomPurpose.Replacement, place.Epoch, place.Place);
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            try
            {
                Read(block.Batch, row, place.Epoch, sample);
                return;
            }
            catch (BadSampleException e)
            {
                block.Bad.Enqueue(new BadSample(row, sample, e.Cause, e.Message));
            }
            catch (Exception e) when (e is not (IOException or ObjectDisposedException))
            {
                throw new InvalidOperationException($"The sample {_index.Describe(sample)} stopped the loader: {e.Message}", e);
            }

            sample = (long)(replacements.NextDouble() * SamplesPerEpoch);
        }

        var last = block.Bad.Last(bad => bad.Row == row);
        throw new TooManyBadSamplesException(
            $"{MaxAttempts} samples in a row could not be used; the last was {_index.Describe(last.Sample)}: {last.Cause}, {last.Message}");
    }

    private void Read(Batch batch, int row, int epoch, long sample)
    {
        var (shard, entry) = _index.Find(sample);
        var members = new MemberReader(_files, shard);
        var captions = _captions.Read(members, entry);
        var caption = captions[new CounterRandom(_options.Seed, RandomPurpose.Caption, epoch, sample).NextInt(captions.Count)];
        using (var image = members.ReadImage(entry.Image))
        {
            var pixels = _transform.Size * _transform.Size * 3;
            _transform.Apply(image.Span, epoch, sample, batch.Images.AsSpan(row * pixels, pixels));
        }

        batch.Lengths[row] = _tokenizer.EncodeRow(caption, batch.Tokens.AsSpan(row * _options.TextLength, _options.TextLength));
        batch.Samples[row] = sample;
        batch.Epochs[row] = epoch;
    }

    /// <summary>A batch in the making.</summary>
    private sealed class Block(Batch batch, long start) : RowBlock(batch.Size)
    {
        public Batch Batch { get; } = batch;

        public long Start { get; } = start;

        public ConcurrentQueue<BadSample> Bad { get; } = new();
    }
}
