using Flip.Data.Images;
using Flip.Data.Order;
using Flip.Training;

namespace Flip.Data.Loading;

/// <summary>Images with their classes, from any source.</summary>
internal sealed class LabelledSamples : ISampleReader
{
    private readonly LabelledImages _labelled;
    private readonly IImageTransform _transform;
    private readonly IImageReader _files;

    /// <exception cref="ConfigException">An image has not exactly one class.</exception>
    public LabelledSamples(LabelledImages labelled, IImageTransform transform)
    {
        ArgumentNullException.ThrowIfNull(labelled);
        ArgumentNullException.ThrowIfNull(transform);
        var several = labelled.Labels.Index().FirstOrDefault(label => label.Item.Length != 1, (-1, []));
        if (several.Index >= 0)
        {
            throw new ConfigException(
                $"The image {labelled.Images.Describe(several.Index)} has {several.Item.Length} classes; a classifier is trained on images of one.");
        }

        (_labelled, _transform) = (labelled, transform);
        _files = labelled.Images.Open();
    }

    public int ImageSize => _transform.Size;

    public ISampleOrder Order(ulong seed, int shuffleShards) => new SampleOrder([_labelled.Images.Count], seed, shuffleShards);

    public string Describe(long sample) => _labelled.Images.Describe((int)sample);

    public Batch NewBatch(int size, long step, Batch? used) => used ?? new(
        ImageSize,
        TextLength: 0,
        GC.AllocateUninitializedArray<byte>(checked(size * ImageSize * ImageSize * 3)),
        Tokens: [],
        Lengths: [],
        new long[size],
        new int[size])
    {
        Labels = new int[size],
    };

    public void Read(Batch batch, int row, int epoch, long sample)
    {
        var pixels = ImageSize * ImageSize * 3;
        using (var image = _files.Read((int)sample))
        {
            _transform.Apply(image.Span, epoch, sample, batch.Images.AsSpan(row * pixels, pixels));
        }

        batch.Labels[row] = _labelled.Labels[(int)sample][0];
    }

    public void Finish(Batch batch)
    {
        // Rows stand alone.
    }

    public void Dispose() => _files.Dispose();
}
