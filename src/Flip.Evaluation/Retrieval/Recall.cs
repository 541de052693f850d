namespace Flip.Evaluation.Retrieval;

/// <summary>
/// Ranks of images and texts for each other. A hit is at least one right item among the first k, as CLIP_benchmark counts,
/// not the share of an image's texts found. Of equal scores the first item counts as the higher.
/// </summary>
public static class Recall
{
    // 4 Mi scores are 32 MB in fp64: small beside the embeddings of a large set, large enough for full speed.
    private const int DefaultScoresAtOnce = 1 << 22;

    /// <summary>Ranks from all scores.</summary>
    /// <param name="scores"><c>[texts, images]</c>, row after row.</param>
    /// <param name="textToImage">Image of each text.</param>
    /// <param name="images">Number of images.</param>
    /// <exception cref="ArgumentException">The sizes do not fit, or an image has no text.</exception>
    public static RetrievalResult OfScores(float[] scores, IReadOnlyList<int> textToImage, int images)
    {
        ArgumentNullException.ThrowIfNull(scores);
        var textsOf = TextsOf(textToImage, images);
        var texts = textToImage.Count;
        if (scores.LongLength != (long)texts * images)
        {
            throw new ArgumentException(
                $"{texts} texts and {images} images have {(long)texts * images} scores, not {scores.Length}.", nameof(scores));
        }

        var transposed = new float[scores.Length];
        for (var i = 0; i < scores.Length; i++)
        {
            transposed[(i % images * texts) + (i / images)] = scores[i];
        }

        return new(
            Direction(textsOf, texts, [transposed]),
            Direction([.. textToImage.Select(image => new[] { image })], images, [scores]));
    }

    /// <summary>Ranks from embeddings, in pieces: the whole matrix of scores never exists.</summary>
    /// <param name="images">Embeddings of the images, <c>[images, embedDim]</c>.</param>
    /// <param name="texts">Embeddings of the texts, <c>[texts, embedDim]</c>.</param>
    /// <param name="embedDim">Width of an embedding.</param>
    /// <param name="textToImage">Image of each text.</param>
    /// <param name="scoresAtOnce">Scores held at a time, at least one query's; the result does not depend on it.</param>
    /// <exception cref="ArgumentException">The sizes do not fit, or an image has no text.</exception>
    public static RetrievalResult OfEmbeddings(
        float[] images, float[] texts, int embedDim, IReadOnlyList<int> textToImage, int scoresAtOnce = DefaultScoresAtOnce)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(textToImage);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(embedDim);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(scoresAtOnce);
        if (texts.LongLength != (long)textToImage.Count * embedDim || images.Length % embedDim != 0)
        {
            throw new ArgumentException(
                $"Expected rows of {embedDim} numbers for {textToImage.Count} texts and all images, got {texts.Length} and {images.Length}.");
        }

        var textsOf = TextsOf(textToImage, images.Length / embedDim);
        return new(
            Direction(textsOf, textToImage.Count, Scores(images, texts, embedDim, scoresAtOnce)),
            Direction([.. textToImage.Select(image => new[] { image })], textsOf.Length, Scores(texts, images, embedDim, scoresAtOnce)));
    }

    /// <summary>Whole rows of scores, as many at a time as fit.</summary>
    private static IEnumerable<float[]> Scores(float[] queries, float[] items, int embedDim, int scoresAtOnce)
    {
        using var similarity = new Similarity(items, embedDim);
        var rowsAtOnce = Math.Clamp(scoresAtOnce / similarity.Count, 1, Math.Max(1, queries.Length / embedDim));
        foreach (var rows in queries.Chunk(rowsAtOnce * embedDim))
        {
            yield return similarity.Scores(rows);
        }
    }

    private static RetrievalDirection Direction(int[][] rightItems, int candidates, IEnumerable<float[]> scores)
    {
        var ranks = new List<int>(rightItems.Length);
        foreach (var chunk in scores)
        {
            for (var start = 0; start < chunk.Length; start += candidates)
            {
                ranks.Add(FirstRank(chunk.AsSpan(start, candidates), rightItems[ranks.Count]));
            }
        }

        return new(ranks, [.. rightItems.Select(right => right.Length)], candidates);
    }

    private static int FirstRank(ReadOnlySpan<float> scores, int[] right)
    {
        var first = right[0];
        foreach (var item in right)
        {
            first = scores[item] > scores[first] ? item : first; // ascending, so the first of equals stays
        }

        return Ranking.Before(scores, first) + 1;
    }

    /// <summary>Texts of each image, ascending.</summary>
    private static int[][] TextsOf(IReadOnlyList<int> textToImage, int images)
    {
        ArgumentNullException.ThrowIfNull(textToImage);
        var texts = Enumerable.Range(0, images).Select(_ => new List<int>()).ToArray();
        for (var text = 0; text < textToImage.Count; text++)
        {
            var image = textToImage[text];
            if (image < 0 || image >= images)
            {
                throw new ArgumentException($"Text {text} belongs to image {image}, but there are {images} images.", nameof(textToImage));
            }

            texts[image].Add(text);
        }

        var lonely = Array.FindIndex(texts, list => list.Count == 0);
        return images > 0 && lonely < 0 ? [.. texts.Select(list => list.ToArray())] : throw new ArgumentException(
            images == 0 ? "There are no images to retrieve." : $"Image {lonely} has no text.", nameof(textToImage));
    }
}
