using Flip.Data.Images;
using Flip.Data.Order;
using Flip.Data.Shards;
using Flip.Randomness;
using Flip.Tokenizers;
using Flip.Training;

namespace Flip.Data.Loading;

/// <summary>Image-text pairs of shards. Of several captions the one of (seed, epoch, sample) is taken.</summary>
internal sealed class CaptionedSamples : ISampleReader
{
    private readonly DataSetIndex _index;
    private readonly CaptionReader _captions;
    private readonly ITokenizer _tokenizer;
    private readonly IImageTransform _transform;
    private readonly BatchLoaderOptions _options;
    private readonly ShardFiles _files;
    private readonly RemoteAhead? _ahead;
    private readonly ThreadLocal<byte[]?> _scratch = new();

    public CaptionedSamples(
        DataSetIndex index, CaptionReader captions, ITokenizer tokenizer, IImageTransform transform, BatchLoaderOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(transform);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.TextLength);
        (_index, _captions, _tokenizer, _transform, _options) = (index, captions, tokenizer, transform, options);
        ShardSizes = [.. index.Shards.Select(shard => shard.Count)];
        _files = index.OpenFiles(inParts: true);
        _ahead = index.Remote is { } remote ? new RemoteAhead(index, _files, remote) : null;
    }

    public IReadOnlyList<int> ShardSizes { get; }

    public int ImageSize => _transform.Size;

    public string Describe(long sample) => _index.Describe(sample);

    public void Begin(SampleOrder order, long start) => _ahead?.Begin(order, start);

    public void Ahead(long position, int count) => _ahead?.Ahead(position, count);

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
        var part = _ahead?.Take(sample) ?? default;
        var (shard, entry) = _index.Find(sample);
        var members = _index.Members(_files, shard, part);
        var captions = _captions.Read(members, entry);
        var caption = captions[new CounterRandom(_options.Seed, RandomPurpose.Caption, epoch, sample).NextInt(captions.Count)];
        var tokens = batch.Tokens.AsSpan(row * _options.TextLength, _options.TextLength);
        var pixels = ImageSize * ImageSize * 3;
        var whole = batch.Rows is null ? batch.Images.AsSpan(row * pixels, pixels) : (_scratch.Value ??= new byte[pixels]);
        using (var image = members.ReadImage(entry.Image))
        {
            _transform.Apply(image.Span, epoch, sample, whole);
        }

        batch.Lengths[row] = _tokenizer.EncodeRow(caption, tokens);
        batch.Rows?.Fill(row, whole, tokens, batch.Lengths[row], epoch, sample);
    }

    public void Dispose()
    {
        _ahead?.Dispose();
        _files.Dispose();
        _scratch.Dispose();
    }
}
