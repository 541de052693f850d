using Flip.Evaluation.Embedding;
using Flip.Evaluation.ZeroShot;

namespace Flip.Serving;

/// <content>What can be asked of an engine.</content>
public sealed partial class FlipEngine
{
    /// <summary>Embeds texts.</summary>
    /// <param name="texts">At most as many as the queue has places.</param>
    /// <param name="cancellation">Takes what still waits out of the queue.</param>
    /// <exception cref="Batching.QueueFullException">Too many items wait.</exception>
    /// <exception cref="MissingAbilityException">The model has no towers.</exception>
    /// <exception cref="Batching.EngineStoppedException">The engine is ending.</exception>
    public async Task<EmbeddedTexts> EmbedTextsAsync(IReadOnlyList<string> texts, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var lane = Require(_lanes.Texts, Abilities.Embeddings);
        using var places = _queue.Reserve(lane.Kind, texts.Count);
        TextRow[] rows = [.. texts.Select(Row)];
        return new EmbeddedTexts(await _queue.AddAsync(places, lane, rows, cancellation).ConfigureAwait(false), rows.Sum(row => (long)row.Length));
    }

    /// <summary>Embeds images.</summary>
    /// <param name="images">The files' bytes: JPEG, PNG, WebP, GIF or BMP. At most as many as the queue has places.</param>
    /// <param name="cancellation">Takes what still waits out of the queue.</param>
    /// <returns>One embedding of length 1 for each image, <c>[EmbedDim]</c>.</returns>
    /// <exception cref="UnusableImageException">One of them is no image, is damaged, or is too large.</exception>
    /// <exception cref="Batching.QueueFullException">Too many items wait; nothing was decoded.</exception>
    /// <exception cref="MissingAbilityException">The model has no towers.</exception>
    /// <exception cref="Batching.EngineStoppedException">The engine is ending.</exception>
    public Task<IReadOnlyList<float[]>> EmbedImagesAsync(IReadOnlyList<ReadOnlyMemory<byte>> images, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        return ComputeAsync(Require(_lanes.Images, Abilities.Embeddings), images, pixels => pixels, cancellation);
    }

    /// <summary>Classifies images by words.</summary>
    /// <param name="images">The files' bytes.</param>
    /// <param name="classes">Names of the classes.</param>
    /// <param name="templates">Texts with <c>{c}</c> for the name.</param>
    /// <param name="top">Classes given of each image, at most; the likeliest first.</param>
    /// <param name="cancellation">Takes what still waits out of the queue.</param>
    /// <exception cref="ConfigException">The classes or templates cannot be used.</exception>
    /// <inheritdoc cref="EmbedImagesAsync" path="/exception"/>
    public async Task<IReadOnlyList<IReadOnlyList<FoundClass>>> ClassifyAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> images, IReadOnlyList<string> classes, IReadOnlyList<string> templates, int top, CancellationToken cancellation = default)
    {
        Require(_lanes.Texts, Abilities.Embeddings);
        var prompts = ClassPrompts.OfTemplates(classes, templates);
        var vectors = await EmbedImagesAsync(images, cancellation).ConfigureAwait(false);
        var classifier = await ClassifierAsync(prompts, cancellation).ConfigureAwait(false);
        var found = await RankAsync(Joined(vectors), classifier.Weights, top, cancellation).ConfigureAwait(false);
        return [.. found.Select(of => (IReadOnlyList<FoundClass>)[.. of.Select(match => new FoundClass(match.Item, classes[match.Item], match.Probability, match.Cosine))])];
    }

    /// <summary>Classifies images by the classes that the model was trained on.</summary>
    /// <param name="images">The files' bytes.</param>
    /// <param name="top">Classes given of each image, at most; the likeliest first, equals in their order.</param>
    /// <param name="cancellation">Takes what still waits out of the queue.</param>
    /// <inheritdoc cref="EmbedImagesAsync" path="/exception"/>
    public async Task<IReadOnlyList<IReadOnlyList<FoundClass>>> ClassifyAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> images, int top, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(top);
        var scores = await ComputeAsync(Require(_lanes.Scores, Abilities.Classes), images, pixels => pixels, cancellation).ConfigureAwait(false);
        return [.. scores.Select(row => Likeliest(row, Model.Classifier!.ClassNames, top))];
    }

    /// <summary>Ranks texts for each image.</summary>
    /// <param name="images">The files' bytes.</param>
    /// <param name="texts">The texts.</param>
    /// <param name="top">Texts given for each image, at most; the best first, equals in their order.</param>
    /// <param name="cancellation">Takes what still waits out of the queue.</param>
    /// <inheritdoc cref="EmbedImagesAsync" path="/exception"/>
    public async Task<IReadOnlyList<IReadOnlyList<Match>>> RankTextsAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> images, IReadOnlyList<string> texts, int top, CancellationToken cancellation = default)
    {
        var (ofImages, ofTexts) = await EmbedAsync(images, texts, cancellation).ConfigureAwait(false);
        return await RankAsync(ofImages, ofTexts, top, cancellation).ConfigureAwait(false);
    }

    /// <summary>Ranks images for each text.</summary>
    /// <param name="images">The files' bytes.</param>
    /// <param name="texts">The texts.</param>
    /// <param name="top">Images given for each text, at most; the best first, equals in their order.</param>
    /// <param name="cancellation">Takes what still waits out of the queue.</param>
    /// <inheritdoc cref="EmbedImagesAsync" path="/exception"/>
    public async Task<IReadOnlyList<IReadOnlyList<Match>>> RankImagesAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> images, IReadOnlyList<string> texts, int top, CancellationToken cancellation = default)
    {
        var (ofImages, ofTexts) = await EmbedAsync(images, texts, cancellation).ConfigureAwait(false);
        return await RankAsync(ofTexts, ofImages, top, cancellation).ConfigureAwait(false);
    }

    /// <summary>Looks at an image through masks, as in training.</summary>
    /// <param name="image">The file's bytes.</param>
    /// <param name="ratios">Shares of patches removed, each in [0, 1), of which one patch at least remains.</param>
    /// <param name="seed">Chooses the patches.</param>
    /// <param name="cancellation">Takes what still waits out of the queue.</param>
    /// <exception cref="ConfigException">A ratio removes every patch.</exception>
    /// <inheritdoc cref="EmbedImagesAsync" path="/exception"/>
    public async Task<MaskedViews> MaskAsync(ReadOnlyMemory<byte> image, IReadOnlyList<double> ratios, ulong seed = 0, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(ratios);
        var towers = Require(Model.Towers, Abilities.Embeddings);
        var seen = await ComputeAsync<Func<object>, object>(_lanes.Calls, [image], pixels => () => MaskedViews.Of(towers, pixels, ratios, seed), cancellation).ConfigureAwait(false);
        return (MaskedViews)seen[0];
    }

    /// <summary>Writes captions of images.</summary>
    /// <param name="images">The files' bytes.</param>
    /// <param name="top">Captions given of each image, at most; the best first.</param>
    /// <param name="cancellation">Takes what still waits out of the queue.</param>
    /// <inheritdoc cref="EmbedImagesAsync" path="/exception"/>
    public async Task<IReadOnlyList<IReadOnlyList<ServedCaption>>> CaptionAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> images, int top, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(top);
        var captions = await ComputeAsync(Require(_lanes.Captions, Abilities.Captions), images, pixels => pixels, cancellation).ConfigureAwait(false);
        return [.. captions.Select(of => (IReadOnlyList<ServedCaption>)[.. of.Take(top)])];
    }

    /// <summary>Answers questions about an image.</summary>
    /// <param name="image">The file's bytes.</param>
    /// <param name="questions">The questions.</param>
    /// <param name="top">Answers given to each question, at most; the likeliest first.</param>
    /// <param name="cancellation">Takes what still waits out of the queue.</param>
    /// <returns>In the order of the questions.</returns>
    /// <inheritdoc cref="EmbedImagesAsync" path="/exception"/>
    public async Task<IReadOnlyList<IReadOnlyList<ServedAnswer>>> AnswerAsync(
        ReadOnlyMemory<byte> image, IReadOnlyList<string> questions, int top, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(questions);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(top);
        var lane = Require(_lanes.Answers, Abilities.Answers);
        var answers = await ComputeAsync(lane, [image], pixels => new AskedImage(pixels, questions), cancellation).ConfigureAwait(false);
        return [.. answers[0].Select(of => (IReadOnlyList<ServedAnswer>)[.. of.Take(top)])];
    }

    private async Task<(float[] Images, float[] Texts)> EmbedAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> images, IReadOnlyList<string> texts, CancellationToken cancellation)
    {
        var ofTexts = await EmbedTextsAsync(texts, cancellation).ConfigureAwait(false);
        var ofImages = await EmbedImagesAsync(images, cancellation).ConfigureAwait(false);
        return (Joined(ofImages), Joined(ofTexts.Vectors));
    }

    private Task<List<IReadOnlyList<Match>>> RankAsync(float[] queries, float[] items, int top, CancellationToken cancellation) =>
        CallAsync(() => new Matches(Model.LogitScale, Model.LogitBias).Rank(queries, items, Model.Encoder!.EmbedDim, top).ToList(), cancellation);

    /// <summary>The classifier of some words: kept from an earlier request, or made of embeddings that wait in the queue as those of any request.</summary>
    private async Task<ZeroShotClassifier> ClassifierAsync(ClassPrompts prompts, CancellationToken cancellation)
    {
        var key = ClassifierMemory.KeyOf(prompts);
        if (_classifiers.Find(key) is { } kept)
        {
            return kept;
        }

        var batches = new List<float[]>();
        foreach (var texts in prompts.Texts.SelectMany(texts => texts).Chunk(Math.Min(BatchSize, Options.QueueLength)))
        {
            batches.Add(Joined((await EmbedTextsAsync(texts, cancellation).ConfigureAwait(false)).Vectors));
        }

        var made = ZeroShotClassifier.Of(prompts, batches, Model.Encoder!.EmbedDim);
        _classifiers.Keep(key, made);
        return made;
    }

    private static float[] Joined(IReadOnlyList<float[]> rows)
    {
        var joined = new float[rows.Sum(row => row.Length)];
        var at = 0;
        foreach (var row in rows)
        {
            row.CopyTo(joined, at);
            at += row.Length;
        }

        return joined;
    }

    private static List<FoundClass> Likeliest(float[] scores, IReadOnlyList<string> names, int top)
    {
        double most = scores.Max();
        var sum = scores.Sum(score => Math.Exp(score - most));
        return
        [
            .. scores.Index().OrderByDescending(score => score.Item).ThenBy(score => score.Index).Take(top)
                .Select(score => new FoundClass(score.Index, names[score.Index], Math.Exp(score.Item - most) / sum)),
        ];
    }
}
