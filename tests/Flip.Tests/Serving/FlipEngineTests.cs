using System.Diagnostics.Metrics;
using Flip.Data.Classes;
using Flip.Data.Images;
using Flip.Evaluation.Embedding;
using Flip.Evaluation.ZeroShot;
using Flip.Models;
using Flip.Serving;
using Flip.Serving.Batching;
using Flip.Tests.Data.Images;

namespace Flip.Tests.Serving;

public sealed class FlipEngineTests
{
    private static readonly EngineOptions Patient = new() { MaxWait = TimeSpan.FromSeconds(5), QueueLength = 64 };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(4)] // one batch
    [InlineData(10)] // 4, 4 and 2
    public async Task Embeddings_of_the_same_batches_are_those_of_the_encoder_to_the_last_bit(int count)
    {
        var model = ServedTiny.Towers();
        var (images, texts) = (ServedTiny.Images(count), ServedTiny.Texts(count));
        var encoder = model.Encoder!;
        var expectedImages = images.Chunk(4).SelectMany(batch => encoder.EncodeImages(ServedTiny.Pixels(model.Config, batch), batch.Length)).ToArray();
        var rows = texts.Select(text => Row(model, text)).ToList();
        var expectedTexts = rows.Chunk(4).SelectMany(batch => encoder.EncodeTexts(
            batch.SelectMany(row => row.Tokens).ToArray(), batch.Select(row => row.Length).ToArray(), batch.Length)).ToArray();

        await using var engine = new FlipEngine(model, Patient with { MaxWait = TimeSpan.FromMilliseconds(20) });
        Assert.Equal(expectedImages, (await engine.EmbedImagesAsync(images, Cancellation)).SelectMany(row => row));
        var found = await engine.EmbedTextsAsync(texts, Cancellation);
        Assert.Equal(expectedTexts, found.Vectors.SelectMany(row => row));
        Assert.Equal(rows.Sum(row => row.Length), found.Tokens);
    }

    [Fact]
    public async Task Embeddings_that_many_threads_ask_for_at_once_are_those_of_the_encoder_but_for_rounding()
    {
        var model = ServedTiny.Towers();
        var (images, texts) = (ServedTiny.Images(24), ServedTiny.Texts(40));
        var encoder = model.Encoder!;
        var expectedImages = images.Select(image => encoder.EncodeImages(ServedTiny.Pixels(model.Config, [image]), 1)).ToList();
        var expectedTexts = texts.Select(text => Row(model, text)).Select(row => encoder.EncodeTexts(row.Tokens, new[] { row.Length }, 1)).ToList();

        await using var engine = new FlipEngine(model, Patient with { MaxWait = TimeSpan.FromMilliseconds(1) });
        var ofImages = Task.WhenAll(images.Select(image => Task.Run(() => engine.EmbedImagesAsync([image], Cancellation))));
        var ofTexts = Task.WhenAll(texts.Select(text => Task.Run(() => engine.EmbedTextsAsync([text], Cancellation))));
        AssertClose(expectedImages, [.. (await ofImages).Select(rows => rows[0])]);
        AssertClose(expectedTexts, [.. (await ofTexts).Select(found => found.Vectors[0])]);
    }

    [Fact]
    public async Task Classes_by_words_and_rankings_are_those_of_the_evaluation()
    {
        var model = ServedTiny.Towers();
        var images = ServedTiny.Images(4);
        string[] classes = ["dog", "cat", "bird"];
        var encoder = model.Encoder!;
        var classifier = ZeroShotClassifier.Build(encoder, model.Tokenizer!, ClassPrompts.OfTemplates(classes, ClassTemplates.Flip7), 4, cancellation: Cancellation);
        var vectors = encoder.EncodeImages(ServedTiny.Pixels(model.Config, images), 4);
        var expected = new Matches(model.LogitScale, model.LogitBias).Rank(vectors, classifier.Weights, encoder.EmbedDim, 2).ToList();

        await using var engine = new FlipEngine(model, Patient);
        for (var turn = 0; turn < 2; turn++) // made, then kept
        {
            var found = await engine.ClassifyAsync(images, classes, ClassTemplates.Flip7, 2, Cancellation);
            Assert.Equal(
                expected.Select(of => of.Select(match => new FoundClass(match.Item, classes[match.Item], match.Probability, match.Cosine))), found);
            Assert.Equal((3 * 8 * sizeof(float)) + (10 * sizeof(char)) + (3 * 32), engine.ClassifierBytes);
        }

        var texts = ServedTiny.Texts(4);
        var ofTexts = (await engine.EmbedTextsAsync(texts, Cancellation)).Vectors.SelectMany(row => row).ToArray();
        var matches = new Matches(model.LogitScale, model.LogitBias);
        Assert.Equal(matches.Rank(vectors, ofTexts, encoder.EmbedDim, 3), await engine.RankTextsAsync(images, texts, 3, Cancellation));
        Assert.Equal(matches.Rank(ofTexts, vectors, encoder.EmbedDim, 3), await engine.RankImagesAsync(images, texts, 3, Cancellation));
    }

    [Fact]
    public async Task Requests_that_wait_are_computed_together_on_one_thread()
    {
        using var scorer = new HeldScorer();
        await using var engine = new FlipEngine(ServedTiny.Of(scorer), Patient with { MaxWait = TimeSpan.Zero });
        var first = engine.ClassifyAsync(ServedTiny.Images(1), 1, Cancellation);
        await scorer.Began(1);
        var others = Enumerable.Range(0, 6).Select(_ => engine.ClassifyAsync(ServedTiny.Images(1), 1, Cancellation)).ToList();
        await WaitFor(() => engine.QueueLength == 6);
        await Task.Delay(50, Cancellation); // all of them have left their places for the line
        scorer.Let(3);
        await Task.WhenAll([first, .. others]);
        Assert.Equal([1, 4, 2], scorer.Batches);
        Assert.Single(scorer.Threads);
    }

    [Fact]
    public async Task A_full_batch_does_not_wait_and_one_that_is_not_waits_as_long_as_it_may()
    {
        using var scorer = new HeldScorer();
        scorer.Let(100);
        await using (var engine = new FlipEngine(ServedTiny.Of(scorer), Patient with { MaxWait = EngineOptions.LongestWait }))
        {
            await engine.ClassifyAsync(ServedTiny.Images(4), 1, Cancellation).WaitAsync(TimeSpan.FromSeconds(5), Cancellation);
        }

        await using (var engine = new FlipEngine(ServedTiny.Of(scorer), Patient with { MaxWait = TimeSpan.FromMilliseconds(100) }))
        {
            var clock = System.Diagnostics.Stopwatch.StartNew();
            await engine.ClassifyAsync(ServedTiny.Images(1), 1, Cancellation);
            Assert.InRange(clock.ElapsedMilliseconds, 95, 5000);
        }
    }

    [Fact]
    public async Task What_does_not_fit_into_the_queue_is_refused_before_it_is_decoded()
    {
        using var scorer = new HeldScorer();
        await using var engine = new FlipEngine(ServedTiny.Of(scorer), new EngineOptions { MaxWait = TimeSpan.Zero, QueueLength = 5 });
        var first = engine.ClassifyAsync(ServedTiny.Images(1), 1, Cancellation);
        await scorer.Began(1);
        var second = engine.ClassifyAsync(ServedTiny.Images(4), 1, Cancellation);
        ReadOnlyMemory<byte> noImage = new byte[] { 1, 2, 3 };
        var full = await Assert.ThrowsAsync<QueueFullException>(() => engine.ClassifyAsync([noImage, noImage], 1, Cancellation));
        Assert.Contains("4 of 5 places", full.Message, StringComparison.Ordinal);
        Assert.InRange(full.RetryAfter.TotalSeconds, 1, 60);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => engine.ClassifyAsync(ServedTiny.Images(6), 1, Cancellation));
        scorer.Let(2);
        await Task.WhenAll(first, second);
        Assert.Equal(0, engine.QueueLength);
    }

    [Fact]
    public async Task A_request_that_is_cancelled_leaves_the_queue_and_the_others_stay()
    {
        using var scorer = new HeldScorer();
        using var leaves = new CancellationTokenSource();
        await using var engine = new FlipEngine(ServedTiny.Of(scorer), Patient with { MaxWait = TimeSpan.Zero });
        var running = engine.ClassifyAsync(ServedTiny.Images(1), 1, leaves.Token);
        await scorer.Began(1);
        var waiting = engine.ClassifyAsync(ServedTiny.Images(3), 1, leaves.Token);
        await WaitFor(() => engine.QueueLength == 3);
        var staying = engine.ClassifyAsync(ServedTiny.Images(2), 1, Cancellation);
        await WaitFor(() => engine.QueueLength == 5);
        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running); // its batch is computed for nobody
        Assert.Equal(2, engine.QueueLength);
        scorer.Let(2);
        await staying;
        Assert.Equal([1, 2], scorer.Batches);
    }

    [Fact]
    public async Task A_batch_that_fails_fails_its_requests_alone()
    {
        using var scorer = new HeldScorer { Fails = true };
        await using var engine = new FlipEngine(ServedTiny.Of(scorer), Patient with { MaxWait = TimeSpan.FromMilliseconds(1) });
        var failing = engine.ClassifyAsync(ServedTiny.Images(6), 1, Cancellation); // its second batch is not computed
        scorer.Let();
        Assert.Equal("no number", (await Assert.ThrowsAsync<ArithmeticException>(() => failing)).Message);
        scorer.Let();
        Assert.Single(await engine.ClassifyAsync(ServedTiny.Images(1), 1, Cancellation));
        Assert.Equal([4, 1], scorer.Batches);
    }

    [Fact]
    public async Task A_draining_engine_refuses_what_comes_and_finishes_what_waits()
    {
        using var scorer = new HeldScorer();
        await using var engine = new FlipEngine(ServedTiny.Of(scorer), Patient);
        var waiting = engine.ClassifyAsync(ServedTiny.Images(3), 1, Cancellation);
        await WaitFor(() => engine.QueueLength == 3);
        var drained = engine.DrainAsync(TimeSpan.FromSeconds(30));
        await WaitFor(() => engine.IsEnding);
        await Assert.ThrowsAsync<EngineStoppedException>(() => engine.ClassifyAsync(ServedTiny.Images(1), 1, Cancellation));
        Assert.False(drained.IsCompleted);
        scorer.Let();
        Assert.Equal(3, (await waiting).Count);
        await drained;
    }

    [Fact]
    public async Task What_still_waits_when_the_time_to_drain_is_over_fails()
    {
        using var scorer = new HeldScorer();
        await using var engine = new FlipEngine(ServedTiny.Of(scorer), Patient with { MaxWait = TimeSpan.Zero });
        var running = engine.ClassifyAsync(ServedTiny.Images(1), 1, Cancellation);
        await scorer.Began(1);
        var waiting = engine.ClassifyAsync(ServedTiny.Images(2), 1, Cancellation);
        await WaitFor(() => engine.QueueLength == 2);
        var drained = engine.DrainAsync(TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAsync<EngineStoppedException>(() => waiting);
        scorer.Let();
        Assert.Single(await running);
        await drained;
    }

    [Fact]
    public async Task Images_that_cannot_be_used_are_told_by_their_place_and_give_their_places_back()
    {
        await using var engine = new FlipEngine(ServedTiny.Towers(), Patient with { MaxPixels = 10_000 });
        ReadOnlyMemory<byte> good = ServedTiny.Images(1)[0], none = new byte[] { 1, 2, 3 }, large = TestImages.PngHeader(1000, 1000);
        var first = await Assert.ThrowsAsync<UnusableImageException>(() => engine.EmbedImagesAsync([good, none], Cancellation));
        Assert.Equal((1, BadImageException.NotAnImage), (first.Place, ((BadImageException)first.InnerException!).Cause));
        var second = await Assert.ThrowsAsync<UnusableImageException>(() => engine.EmbedImagesAsync([large], Cancellation));
        Assert.Equal(BadImageException.TooLarge, ((BadImageException)second.InnerException!).Cause);
        Assert.Equal(0, engine.QueueLength);
    }

    [Fact]
    public async Task A_model_is_asked_for_what_it_has_alone()
    {
        using var scorer = new HeldScorer();
        await using var engine = new FlipEngine(ServedTiny.Of(scorer), Patient);
        var missing = await Assert.ThrowsAsync<MissingAbilityException>(() => engine.EmbedTextsAsync(["a dog"], Cancellation));
        Assert.Equal("The model 'tiny' has no part for embeddings; it has classes.", missing.Message);
        await Assert.ThrowsAsync<MissingAbilityException>(() => engine.CaptionAsync(ServedTiny.Images(1), 1, Cancellation));
        await Assert.ThrowsAsync<MissingAbilityException>(() => engine.AnswerAsync(ServedTiny.Images(1)[0], ["what?"], 1, Cancellation));
    }

    [Fact]
    public async Task It_is_ready_once_it_is_warm_and_until_it_ends()
    {
        await using var engine = new FlipEngine(ServedTiny.Towers(), Patient with { MaxWait = TimeSpan.FromMilliseconds(1) });
        Assert.False(engine.IsReady);
        await engine.WarmUpAsync(Cancellation);
        Assert.True(engine.IsReady);
        await engine.DrainAsync(TimeSpan.Zero);
        Assert.False(engine.IsReady);
    }

    [Fact]
    public async Task It_counts_requests_batches_waits_and_refusals()
    {
        using var meters = new OneMeter();
        using var listener = new MeterListener();
        var counts = new System.Collections.Concurrent.ConcurrentDictionary<string, double>();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter == meters.Meter)
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => counts.AddOrUpdate(instrument.Name, value, (_, sum) => sum + value));
        listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => counts.AddOrUpdate(instrument.Name, value, (_, sum) => sum + value));
        listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => counts.AddOrUpdate(instrument.Name, 1, (_, sum) => sum + 1));
        listener.Start();

        using var scorer = new HeldScorer();
        using var leaves = new CancellationTokenSource();
        await using var engine = new FlipEngine(ServedTiny.Of(scorer), new EngineOptions { MaxWait = TimeSpan.Zero, QueueLength = 5 }, meters);
        var first = engine.ClassifyAsync(ServedTiny.Images(2), 1, Cancellation);
        await scorer.Began(1);
        var leaving = engine.ClassifyAsync(ServedTiny.Images(4), 1, leaves.Token);
        await WaitFor(() => counts.GetValueOrDefault("flip.requests") == 2);
        await Assert.ThrowsAsync<QueueFullException>(() => engine.ClassifyAsync(ServedTiny.Images(2), 1, Cancellation));
        listener.RecordObservableInstruments();
        Assert.Equal(4, counts["flip.queue.length"]);
        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        scorer.Let();
        await first;
        await engine.DrainAsync(TimeSpan.Zero);
        Assert.Equal(
            [("flip.batch.duration", 1), ("flip.batch.size", 2), ("flip.batches", 1), ("flip.cancelled", 1), ("flip.items", 6), ("flip.queue.length", 4), ("flip.queue.wait", 1), ("flip.refused", 1), ("flip.requests", 2)],
            counts.OrderBy(count => count.Key, StringComparer.Ordinal).Select(count => (count.Key, (int)count.Value)));
    }

    [Fact]
    public void Options_that_cannot_be_used_are_refused_all_at_once()
    {
        using var scorer = new HeldScorer();
        var refused = Assert.Throws<ConfigException>(() => new FlipEngine(
            ServedTiny.Of(scorer), new EngineOptions { MaxBatch = 0, MaxWait = TimeSpan.FromSeconds(-1), QueueLength = 0, MaxPixels = 0, ClassifierMemory = -1 }));
        Assert.Equal(["MaxBatch", "MaxWait", "QueueLength", "MaxPixels", "ClassifierMemory"], refused.Problems.Select(problem => problem.Split(' ')[0]));
    }

    private static (int[] Tokens, int Length) Row(ServedModel model, string text)
    {
        var row = new int[model.Encoder!.TextLength];
        return (row, model.Tokenizer!.EncodeRow(text, row));
    }

    private static void AssertClose(List<float[]> expected, List<float[]> found)
    {
        Assert.Equal(expected.Count, found.Count);
        Assert.All(expected.SelectMany(row => row).Zip(found.SelectMany(row => row)), pair => Assert.Equal(pair.First, pair.Second, 2e-6f));
    }

    private static async Task WaitFor(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Delay(1, Cancellation);
        }
    }

    private sealed class OneMeter : IMeterFactory
    {
        public Meter? Meter { get; private set; }

        public Meter Create(MeterOptions options) => Meter ??= new Meter(options);

        public void Dispose() => Meter?.Dispose();
    }
}
