using System.Text.Json;
using Flip.Evaluation.Captioning;
using Flip.Evaluation.Metrics;

namespace Flip.Tests.Evaluation.Captioning;

public class CaptionMetricsTests
{
    private const double Tolerance = 1e-8;

    private static readonly CaptionMetric[] Bleus = [CaptionMetric.Bleu1, CaptionMetric.Bleu2, CaptionMetric.Bleu3, CaptionMetric.Bleu4];

    [Fact]
    public void Every_caption_and_the_corpus_score_as_in_coco_caption()
    {
        var (candidates, references, golden) = Golden();
        var scores = CaptionMetrics.Of(candidates, references);
        foreach (var (caption, item) in scores.Captions.Zip(golden.GetProperty("items").EnumerateArray()))
        {
            Compare(item, caption.Of);
        }

        Compare(golden.GetProperty("corpus"), scores.Value);
        Assert.Equal(46, scores.Captions.Count);
        Assert.Equal(scores.Value(CaptionMetric.CiderD), scores.Values()["CIDEr-D"]);

        static void Compare(JsonElement expected, Func<CaptionMetric, double> value)
        {
            foreach (var (order, metric) in Bleus.Index())
            {
                Assert.Equal(expected.GetProperty("bleu")[order].GetDouble(), value(metric), Tolerance);
            }

            Assert.Equal(expected.GetProperty("rougeL").GetDouble(), value(CaptionMetric.RougeL), Tolerance);
            Assert.Equal(expected.GetProperty("ciderD").GetDouble(), value(CaptionMetric.CiderD), Tolerance);
            Assert.Equal(expected.GetProperty("cider").GetDouble(), value(CaptionMetric.Cider), Tolerance);
        }
    }

    [Fact]
    public void BLEU_counts_worked_by_hand()
    {
        // Words: the (twice in a reference at most), cat. Pairs: "the cat" alone is in a reference. The reference of 6 words is as close to 5 as that of 4.
        var counts = BleuCounts.Of("the the the cat cat", ["the cat on the mat today", "a cat is here"]);
        Assert.Equal((5, 4), (counts.Words, counts.ReferenceWords));
        Assert.Equal([3, 1, 0, 0], counts.Matches);
        Assert.Equal([5, 4, 3, 2], counts.Ngrams);
        Assert.Equal(3 / 5.0, counts.Score(1), 1e-9);
        Assert.Equal(Math.Sqrt(3 / 5.0 * 1 / 4), counts.Score(2), 1e-9);
    }

    [Fact]
    public void A_short_caption_is_penalised_by_BLEU() =>
        Assert.Equal(Math.Exp(1 - (4 / 2.0)), BleuCounts.Of("a dog", ["a dog runs fast"]).Score(1), 1e-8);

    [Fact]
    public void ROUGE_worked_by_hand()
    {
        // The first reference has the best precision (2 of 3 words), the second the best recall (all of 1).
        var (precision, recall) = (2 / 3.0, 1.0);
        var score = CaptionMetrics.Of(["a big dog"], [["a dog sleeps on the floor", "dog"]]).Captions[0];
        Assert.Equal((1 + 1.44) * precision * recall / (recall + (1.44 * precision)), score.RougeL, 1e-12);
    }

    [Fact]
    public void CIDEr_worked_by_hand()
    {
        // Two images, so a word of one image weighs log 2. The caption has the one word of its reference twice: cosine 1 unclipped, and clipped
        // (1 * 1) / (2 * 1); one pair of words more makes the Gaussian exp(-1 / 72). Only single words are in both, one of four lengths.
        var score = CaptionMetrics.Of(["dog dog", "cat"], [["dog"], ["cat"]]).Captions[0];
        Assert.Equal(10 / 4.0, score.Cider, 1e-12);
        Assert.Equal(10 / 4.0 / 2 * Math.Exp(-1 / 72.0), score.CiderD, 1e-12);
    }

    [Fact]
    public void Document_frequencies_count_images_not_captions()
    {
        var frequencies = new DocumentFrequencies([["a dog runs", "a dog sits"], ["a cat"], ["the dog runs fast now"]]);
        Assert.Equal(3, frequencies.Images);
        Assert.Equal((2, 2, 1, 2, 1, 0), (
            frequencies.Of("a"), frequencies.Of("dog"), frequencies.Of("a dog"), frequencies.Of("dog runs"), frequencies.Of("the dog runs fast"), frequencies.Of("bird")));
        Assert.Throws<ArgumentException>(() => frequencies.Of("the dog runs fast now"));
    }

    [Fact]
    public void Document_frequencies_of_a_larger_set_change_CIDEr_alone()
    {
        IReadOnlyList<IReadOnlyList<string>> references = [["a red dog"], ["a blue cat"]];
        IReadOnlyList<string> candidates = ["a red cat", "a blue cat"];
        var own = CaptionMetrics.Of(candidates, references);
        Assert.Equal(own.Values(), CaptionMetrics.Of(candidates, references, new DocumentFrequencies(references)).Values());
        var larger = CaptionMetrics.Of(candidates, references, new DocumentFrequencies([.. references, ["a red ball"], ["one red bus"]]));
        Assert.Equal(own.Value(CaptionMetric.Bleu4), larger.Value(CaptionMetric.Bleu4));
        Assert.NotEqual(own.Value(CaptionMetric.CiderD), larger.Value(CaptionMetric.CiderD));
    }

    [Fact]
    public void BLEU_of_repeated_images_is_that_of_a_corpus_with_the_images_repeated()
    {
        var (candidates, references, _) = Golden();
        var random = new Random(7);
        int[] counts = [.. candidates.Select(_ => random.Next(3))];
        int[] images = [.. counts.SelectMany((count, image) => Enumerable.Repeat(image, count))];
        var whole = CaptionMetrics.Of(candidates, references);
        var drawn = CaptionMetrics.Of([.. images.Select(image => candidates[image])], [.. images.Select(image => references[image])]);
        foreach (var metric in Bleus.Append(CaptionMetric.RougeL))
        {
            Assert.Equal(drawn.Value(metric), whole.Statistic(metric).Of(counts), 1e-12);
        }
    }

    [Fact]
    public void A_better_captioner_is_better_within_a_paired_interval()
    {
        var (candidates, references, _) = Golden();
        var worse = CaptionMetrics.Of(candidates, references);
        var better = CaptionMetrics.Of([.. references.Select(captions => captions[0])], references);
        foreach (var metric in Enum.GetValues<CaptionMetric>())
        {
            var interval = Bootstrap.Difference(worse.Statistic(metric), better.Statistic(metric), samples: 200);
            Assert.True(interval is { Low: > 0 }, metric.Title());
        }
    }

    [Fact]
    public void A_permutation_of_images_and_of_references_changes_nothing()
    {
        var (candidates, references, _) = Golden();
        var turned = CaptionMetrics.Of([.. candidates.Reverse()], [.. references.Reverse().Select(captions => captions.Reverse().ToList())]);
        foreach (var (metric, value) in CaptionMetrics.Of(candidates, references).Values())
        {
            Assert.Equal(value, turned.Values()[metric], 1e-12);
        }
    }

    [Fact]
    public void A_caption_without_words_scores_nothing()
    {
        var scores = CaptionMetrics.Of(["", "a cat"], [["a dog"], ["a cat"]]);
        Assert.All(Enum.GetValues<CaptionMetric>(), metric => Assert.Equal(0, scores.Captions[0].Of(metric), 1e-6));
        Assert.All(scores.Values().Values, value => Assert.True(double.IsFinite(value)));
    }

    [Fact]
    public void Sets_that_cannot_be_scored_are_refused()
    {
        Assert.Throws<ArgumentException>(() => CaptionMetrics.Of(["a"], []));
        Assert.Equal("There are no captions to score.", Assert.Throws<ConfigException>(() => CaptionMetrics.Of([], [])).Message);
        Assert.Equal(
            "Image 1 has no reference to compare its caption with.", Assert.Throws<ConfigException>(() => CaptionMetrics.Of(["a", "b"], [["a"], []])).Message);
        Assert.Throws<ConfigException>(() => new DocumentFrequencies([]));
    }

    private static (IReadOnlyList<string> Candidates, IReadOnlyList<IReadOnlyList<string>> References, JsonElement Golden) Golden()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(SharedData.Golden("caption-metrics.json")));
        var golden = document.RootElement.Clone();
        var items = golden.GetProperty("items").EnumerateArray().ToList();
        return (
            [.. items.Select(item => item.GetProperty("candidate").GetString()!)],
            [.. items.Select(item => (IReadOnlyList<string>)[.. item.GetProperty("references").EnumerateArray().Select(text => text.GetString()!)])],
            golden);
    }
}
