using Flip.Config;
using Flip.Models;
using Flip.Tokenizers;
using Flip.Training;

namespace Flip.Evaluation.Retrieval;

/// <summary>
/// Image-text retrieval without a prompt. Yields, for <c>imageToText</c> and <c>textToImage</c>, the numbers
/// <c>retrieval/imageToText/R@1</c>, <c>R@5</c>, <c>R@10</c>, their <c>chance R@k</c> and <c>medianRank</c>.
/// </summary>
public sealed class RetrievalEvaluator : IEvaluator
{
    private static readonly int[] Ks = [1, 5, 10];
    private readonly IEnumerable<(ReadOnlyMemory<byte> Pixels, int Count)> _images;
    private readonly IReadOnlyList<IReadOnlyList<string>> _captions;
    private readonly ITokenizer _tokenizer;
    private readonly int _batchSize;

    /// <summary>An evaluation that can be repeated.</summary>
    /// <param name="images">Batches of RGB pixels, <c>[Count, S, S, 3]</c>, enumerated anew for every evaluation.</param>
    /// <param name="captions">Captions of each image, in the images' order.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="batchSize">Texts encoded at a time.</param>
    /// <param name="name">First part of the numbers' names.</param>
    /// <exception cref="ConfigException">There are no images, or one has no caption.</exception>
    public RetrievalEvaluator(
        IEnumerable<(ReadOnlyMemory<byte> Pixels, int Count)> images,
        IReadOnlyList<IReadOnlyList<string>> captions,
        ITokenizer tokenizer,
        int batchSize = 64,
        string name = "retrieval")
    {
        ArgumentNullException.ThrowIfNull(captions);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        var lonely = captions.Index().FirstOrDefault(image => image.Item.Count == 0, (Index: -1, Item: []));
        if (captions.Count == 0 || lonely.Index >= 0)
        {
            throw new ConfigException(
                captions.Count == 0 ? "There are no images to retrieve." : $"Image {lonely.Index} of the retrieval set has no caption.");
        }

        (_images, _captions, _tokenizer, _batchSize, Name) = (images, captions, tokenizer, batchSize, name);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, double> Evaluate(IDualEncoder model, CancellationToken cancellation = default)
    {
        var result = Retrieve(model, cancellation);
        var numbers = new Dictionary<string, double>();
        foreach (var (way, direction) in new[] { ("imageToText", result.ImageToText), ("textToImage", result.TextToImage) })
        {
            foreach (var k in Ks)
            {
                numbers[$"{Name}/{way}/R@{k}"] = direction.RecallAt(k);
            }

            foreach (var k in Ks)
            {
                numbers[$"{Name}/{way}/chance R@{k}"] = direction.ChanceAt(k);
            }

            numbers[$"{Name}/{way}/medianRank"] = direction.MedianRank();
        }

        return numbers;
    }

    /// <summary>Ranks every image and every caption.</summary>
    /// <exception cref="InvalidDataException">There are not as many images as lists of captions.</exception>
    public RetrievalResult Retrieve(IDualEncoder model, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        var images = Gather(Embeddings.OfImages(model, _images, cancellation));
        if (images.Length != (long)_captions.Count * model.EmbedDim)
        {
            throw new InvalidDataException($"There are {images.Length / model.EmbedDim} images for {_captions.Count} lists of captions.");
        }

        var texts = Gather(Embeddings.OfTexts(model, _tokenizer, _captions.SelectMany(list => list), _batchSize, cancellation));
        int[] textToImage = [.. _captions.SelectMany((list, image) => list.Select(_ => image))];
        cancellation.ThrowIfCancellationRequested();
        return Recall.OfEmbeddings(images, texts, model.EmbedDim, textToImage);
    }

    private static float[] Gather(IEnumerable<float[]> batches) => [.. batches.SelectMany(batch => batch)];
}
