using CommunityToolkit.HighPerformance.Buffers;
using Flip.Data.Images;
using Flip.Data.Order;
using Flip.Data.Pairs;
using Flip.Randomness;
using Flip.Tokenizers;
using Flip.Training;

namespace Flip.Data.Loading;

/// <summary>Image-text pairs. Of several captions the one of (seed, epoch, sample) is taken.</summary>
internal sealed class CaptionedSamples : ISampleReader
{
    private readonly PairSet _pairs;
    private readonly IPairFiles _files;
    private readonly ITokenizer _tokenizer;
    private readonly IImageTransform _transform;
    private readonly BatchLoaderOptions _options;
    private readonly ThreadLocal<byte[]?> _scratch = new();
    private ISampleOrder? _order;

    public CaptionedSamples(PairSet pairs, ITokenizer tokenizer, IImageTransform transform, BatchLoaderOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(transform);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.TextLength);
        (_pairs, _tokenizer, _transform, _options) = (pairs, tokenizer, transform, options);
        _files = pairs.Open();
    }

    public int ImageSize => _transform.Size;

    public string Describe(long sample) => _pairs.Describe(sample);

    public ISampleOrder Order(ulong seed, int shuffleShards) => _pairs.Order(seed, shuffleShards);

    public void Begin(ISampleOrder order, long start)
    {
        _order = order;
        if (IsPlanned)
        {
            _files.Begin(order, 0, start);
        }
    }

    public bool ReadsAhead => IsPlanned && _files.ReadsAhead;

    /// <summary>Whether more is wanted than what is asked for at once: a look at a few pairs brings no shards.</summary>
    private bool IsPlanned => _options.BatchSize > 0;

    public void Ahead(long position, IReadOnlyList<long> samples) => _files.Ahead(position, samples);

    public Batch NewBatch(int size, long step, Batch? used)
    {
        var ratio = _options.Mask?.At(step);
        if (used is not null && used.Rows?.MaskRatio == ratio)
        {
            return used;
        }

        used?.Rows?.Dispose();
        var pixels = ratio is null ? checked(size * ImageSize * ImageSize * 3) : 0;
        return new Batch(
            ImageSize,
            _options.TextLength,
            GC.AllocateUninitializedArray<byte>(pixels),
            new int[size * _options.TextLength],
            new int[size],
            new long[size],
            new int[size])
        {
            Rows = ratio is { } known ? new PairRows(_options.Layout!, size, known) : null,
        };
    }

    public void Finish(Batch batch) => batch.Rows?.Finish(batch.Tokens, batch.Lengths);

    public void Read(Batch batch, int row, int epoch, long sample)
    {
        var tokens = batch.Tokens.AsSpan(row * _options.TextLength, _options.TextLength);
        var pixels = ImageSize * ImageSize * 3;
        var whole = batch.Rows is null ? batch.Images.AsSpan(row * pixels, pixels) : (_scratch.Value ??= new byte[pixels]);
        var caption = Read(epoch, sample, whole);
        if (_options.Mixup > 0)
        {
            caption = Mixed(epoch, sample, caption, whole);
        }

        batch.Lengths[row] = _tokenizer.EncodeRow(caption, tokens);
        batch.Rows?.Fill(row, whole, tokens, batch.Lengths[row], epoch, sample);
    }

    public void Dispose()
    {
        _files.Dispose();
        _scratch.Dispose();
    }

    /// <summary>Reads a pair.</summary>
    /// <returns>Its caption.</returns>
    private string Read(int epoch, long sample, Span<byte> pixels)
    {
        var pair = _files.At(sample);
        var caption = pair.DrawCaption(new CounterRandom(_options.Seed, RandomPurpose.Caption, epoch, sample));
        using var image = pair.ReadImage();
        _transform.Apply(image.Span, epoch, sample, pixels);
        return caption;
    }

    /// <summary>
    /// Mixes a pair, by chance, with another one of its source: the mean of both images, and both captions one behind the other (MixGen, whose fixed weight of one half did best there).
    /// The other pair is a function of (seed, epoch, sample), so the batch has no part in it.
    /// </summary>
    private string Mixed(int epoch, long sample, string caption, Span<byte> pixels)
    {
        var random = new CounterRandom(_options.Seed, RandomPurpose.Mixing, epoch, sample);
        if (random.NextDouble() >= _options.Mixup)
        {
            return caption;
        }

        var (first, count) = _order!.SourceOf(sample);
        var other = first + (long)(random.NextDouble() * count);
        using var others = MemoryOwner<byte>.Allocate(pixels.Length);
        var behind = Read(epoch, other, others.Span);
        for (var i = 0; i < pixels.Length; i++)
        {
            pixels[i] = (byte)((pixels[i] + others.Span[i] + 1) >> 1);
        }

        return $"{caption} {behind}";
    }
}
