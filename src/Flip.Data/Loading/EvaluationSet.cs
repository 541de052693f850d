using Flip.Config;
using Flip.Data.Formats;
using Flip.Data.Images;
using Flip.Data.Sources;

namespace Flip.Data.Loading;

/// <summary>
/// A data set as evaluations read it: in order, each sample once, nothing random. What cannot be used stops the evaluation
/// with shard and key.
/// </summary>
public sealed class EvaluationSet
{
    private readonly DataSetIndex _index;
    private readonly CaptionReader _captionReader;
    private readonly ImageLoader _images;
    private int[]? _labels;
    private IReadOnlyList<IReadOnlyList<string>>? _captions;

    private EvaluationSet(DataSetIndex index, IImageTransform transform, CaptionReader? captions, int workers)
    {
        Count = checked((int)index.Count);
        (_index, _captionReader, _images) = (index, captions ?? new(), new(new ShardImages(index), transform, workers));
    }

    /// <summary>Number of samples.</summary>
    public int Count { get; }

    /// <summary>The class number of each sample, <c>[Count]</c>.</summary>
    /// <exception cref="EvaluationDataException">A sample has none.</exception>
    public int[] Labels => _labels ??= SampleReading.ReadAll(_index, (members, entry) => CaptionReader.ReadLabel(members, entry));

    /// <summary>All captions of each sample, <c>[Count][at least 1]</c>.</summary>
    /// <exception cref="EvaluationDataException">A sample has none.</exception>
    public IReadOnlyList<IReadOnlyList<string>> Captions => _captions ??= SampleReading.ReadAll(_index, _captionReader.Read);

    /// <summary>Opens what a shard pattern names (<see cref="ShardPattern"/>).</summary>
    /// <param name="pattern">The shards.</param>
    /// <param name="transform">Turns image files into pixels.</param>
    /// <param name="captions">How captions are found; null takes those of <c>.json</c> and <c>.txt</c>.</param>
    /// <param name="workers">Decoding threads; 0 takes the processor count.</param>
    /// <param name="options">Who is told; null for nobody.</param>
    /// <exception cref="ConfigException">The pattern names no shards, or they have no sample.</exception>
    /// <exception cref="EvaluationDataException">A shard is damaged.</exception>
    public static EvaluationSet Open(
        string pattern, IImageTransform transform, CaptionReader? captions = null, int workers = 0, SourceOptions? options = null) =>
        new(ShardSources.Open(pattern, options ?? new(), CancellationToken.None), transform, captions, workers);

    /// <summary>All images in order, decoded on several threads a little ahead. A batch is valid until the next one is asked for.</summary>
    /// <param name="batchSize">Images of a batch; the last may have fewer.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="ConfigException">The pixels of a batch do not fit in an array.</exception>
    /// <exception cref="EvaluationDataException">An image cannot be read.</exception>
    public IEnumerable<ImageBatch> Images(int batchSize, CancellationToken cancellation = default) =>
        _images.Read(batchSize, cancellation: cancellation);
}
