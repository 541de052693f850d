namespace Flip.Evaluation.Captioning;

/// <summary>
/// BLEU, ROUGE-L, CIDEr-D and CIDEr of captions, as coco-caption computes them. Captions and references are tokenised (<see cref="CaptionTokenizer"/>): words
/// separated by blanks. A caption without words scores 0.
/// </summary>
public static class CaptionMetrics
{
    /// <summary>Scores one caption for each image.</summary>
    /// <param name="candidates">The tokenised caption of each image.</param>
    /// <param name="references">The tokenised references of each image, one or more.</param>
    /// <param name="frequencies">Document frequencies for CIDEr; null for those of the references, as coco-caption takes them.</param>
    /// <exception cref="ArgumentException">There are not as many captions as images with references.</exception>
    /// <exception cref="ConfigException">There are no images, or one has no reference.</exception>
    public static CaptionScores Of(
        IReadOnlyList<string> candidates, IReadOnlyList<IReadOnlyList<string>> references, DocumentFrequencies? frequencies = null)
    {
        ArgumentNullException.ThrowIfNull(candidates);
        ArgumentNullException.ThrowIfNull(references);
        if (candidates.Count != references.Count)
        {
            throw new ArgumentException($"{candidates.Count} captions for {references.Count} images.", nameof(candidates));
        }

        if (candidates.Count == 0)
        {
            throw new ConfigException("There are no captions to score.");
        }

        if (references.Index().FirstOrDefault(image => image.Item.Count == 0, (-1, [])).Index is >= 0 and var bare)
        {
            throw new ConfigException($"Image {bare} has no reference to compare its caption with.");
        }

        var cider = new CiderScorer(frequencies ?? new DocumentFrequencies(references));
        return new([.. candidates.Zip(references).AsParallel().AsOrdered().Select(image =>
        {
            var (clipped, plain) = cider.Score(image.First, image.Second);
            return new CaptionScore(BleuCounts.Of(image.First, image.Second), RougeL.Score(image.First, image.Second), clipped, plain);
        })]);
    }
}
