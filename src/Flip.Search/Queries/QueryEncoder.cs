using Flip.Conversion;
using Flip.Data;
using Flip.Data.Images;
using Flip.Evaluation.ZeroShot;
using Flip.Models;
using Flip.Search.Vectors;
using Flip.Storage;

namespace Flip.Search.Queries;

/// <summary>Turns words and images into queries of an index, by the model that the index was made with. For one thread at a time.</summary>
public sealed class QueryEncoder : IDisposable
{
    private readonly LoadedModel _loaded;
    private readonly IndexedModel _model;

    private QueryEncoder(LoadedModel loaded, IndexedModel model) => (_loaded, _model) = (loaded, model);

    /// <summary>Numbers of an embedding, D.</summary>
    public int EmbedDim => _loaded.Config.Model.EmbedDim;

    /// <summary>Opens the model of an index, and refuses another.</summary>
    /// <param name="index">The index's description.</param>
    /// <param name="model">Where the model lies; null for where it lay when the index was made.</param>
    /// <param name="sets">Settings of the model, <c>key=value</c>.</param>
    /// <param name="say">Receives what had to be assumed of a foreign model; null for nobody.</param>
    /// <exception cref="ConfigException">It is another model, or none is named and known.</exception>
    /// <exception cref="CheckpointFormatException">There is no model, or a damaged one.</exception>
    public static QueryEncoder Open(IndexDescription index, string? model = null, IReadOnlyList<string>? sets = null, Action<string>? say = null)
    {
        ArgumentNullException.ThrowIfNull(index);
        var wanted = index.Settings.Model;
        var path = model ?? Recorded(wanted);
        LoadedModel loaded;
        try
        {
            loaded = ModelSource.Load(path, sets ?? [], say);
        }
        catch (CheckpointFormatException e) when (model is null)
        {
            throw new ConfigException($"The model of the index is not where it was: {e.Message} --model names it elsewhere.");
        }

        try
        {
            return wanted.DifferencesFrom(IndexedModel.Of(path, loaded, wanted.Choice)) is { Count: > 0 } differences
                ? throw new ConfigException($"{path} is not the model of the index: {string.Join("; ", differences)}.")
                : new QueryEncoder(loaded, wanted);
        }
        catch
        {
            loaded.Dispose();
            throw;
        }
    }

    /// <summary>Queries of texts.</summary>
    /// <param name="texts">The texts.</param>
    /// <param name="templates">Prompts that each text is put into, with <c>{c}</c> for it; the query is their mean.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns>Of length 1, <c>[texts, D]</c>.</returns>
    public float[] OfTexts(IReadOnlyList<string> texts, IReadOnlyList<string> templates, CancellationToken cancellation = default) => ZeroShotClassifier.Build(
        new InferenceEncoder(_loaded.Model), _loaded.Tokenizer, ClassPrompts.OfTemplates(texts, templates), _loaded.BatchSize, cancellation: cancellation).Weights;

    /// <summary>The query of an image, seen as those of the index were.</summary>
    /// <param name="encoded">An image file's bytes.</param>
    /// <returns>Of length 1, <c>[D]</c>.</returns>
    /// <exception cref="BadSampleException">The bytes are no usable image.</exception>
    public float[] OfImage(ReadOnlySpan<byte> encoded)
    {
        var encoder = _model.Choice.Encoder(_loaded);
        var pixels = new byte[encoder.ImageSize * encoder.ImageSize * 3];
        EvaluationTransform.Of(_loaded.Config).Apply(encoded, pixels);
        return encoder.EncodeImages(pixels, 1);
    }

    /// <inheritdoc/>
    public void Dispose() => _loaded.Dispose();

    /// <summary>Where the index says that its model lies. It may be a stranger's, so it names files of this machine alone.</summary>
    private static string Recorded(IndexedModel model)
    {
        var path = model.Path ?? throw new ConfigException("The index does not say where its model lies: name it with --model.");
        return path.StartsWith("//", StringComparison.Ordinal) || path.StartsWith(@"\\", StringComparison.Ordinal) || !Path.IsPathFullyQualified(path)
            ? throw new ConfigException($"The index says that its model lies at '{path}', which is not taken from a file: name it with --model.")
            : path;
    }
}
