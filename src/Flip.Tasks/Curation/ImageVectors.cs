using System.Globalization;
using Flip.Data.Images;
using Flip.Evaluation.Embedding;
using Flip.Ingest.Packing;
using Flip.Storage;

namespace Flip.Tasks.Curation;

/// <summary>A model's image tower, by which a packing finds images that show the same.</summary>
public sealed class ImageVectors : IImageVectors
{
    private readonly PairEncoder _encoder;

    /// <summary>The image tower of a model.</summary>
    /// <param name="loaded">The model; it is not disposed of here.</param>
    public ImageVectors(LoadedModel loaded)
    {
        ArgumentNullException.ThrowIfNull(loaded);
        _encoder = new PairEncoder(loaded);
        Identity = string.Create(
            CultureInfo.InvariantCulture,
            $"{WeightFile.Hash(loaded.Model.Parameters)}, {ItemEncoders.ConfigurationHash(loaded.Config)}, {loaded.Model.Parameters.ComputeType} in {loaded.BatchSize}, {loaded.Config.Eval.TransformName()}, decoding {ImageDecoder.Rules}");
    }

    /// <inheritdoc/>
    public string Identity { get; }

    /// <inheritdoc/>
    public int Dim => _encoder.Dim;

    /// <inheritdoc/>
    public int BatchSize => _encoder.BatchSize;

    /// <inheritdoc/>
    public IReadOnlyList<float[]?> Embed(IReadOnlyList<ReadOnlyMemory<byte>> images)
    {
        var (problems, pending) = _encoder.Images(images);
        using (pending)
        {
            var numbers = _encoder.Checked(pending?.Read() ?? [], problems.Count(problem => problem is null));
            var next = 0;
            return [.. problems.Select(problem => problem is null ? numbers.AsSpan(Dim * next++, Dim).ToArray() : null)];
        }
    }
}
