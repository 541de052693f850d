using Flip.Evaluation.Embedding;

namespace Flip.Tests.Evaluation.Embedding;

public class MatchesTests
{
    private static readonly float[] Queries = [1, 0, 0, 1];
    private static readonly float[] Items = [0.6f, 0.8f, 0.8f, -0.6f, 0, 1];

    [Fact]
    public void Items_come_best_first_with_cosine_and_softmax()
    {
        var ranked = new Matches(logitScale: 2).Rank(Queries, Items, 2, top: 3).ToList();
        Assert.Equal([1, 0, 2], ranked[0].Select(match => match.Item));
        Assert.Equal([2, 0, 1], ranked[1].Select(match => match.Item));
        Assert.Equal([0.8, 0.6, 0], ranked[0].Select(match => Math.Round(match.Cosine, 6)));

        // e^1.6 = 4.953032, e^1.2 = 3.320117, e^0 = 1: their sum is 9.273149.
        Assert.Equal(0.534126, ranked[0][0].Probability, 1e-6);
        Assert.Equal(0.358036, ranked[0][1].Probability, 1e-6);
        Assert.Equal(0.107838, ranked[0][2].Probability, 1e-6);
    }

    [Fact]
    public void The_first_of_equals_stays_first_and_probabilities_are_over_all_items()
    {
        float[] same = [.. Enumerable.Repeat(1f, 40)];
        var ranked = new Matches(logitScale: 100).Rank([1], same, 1, top: 7).Single();
        Assert.Equal(Enumerable.Range(0, 7), ranked.Select(match => match.Item));
        Assert.All(ranked, match => Assert.Equal(1.0 / 40, match.Probability, 1e-12));
    }

    [Fact]
    public void A_model_with_a_bias_gives_each_pair_its_own_probability()
    {
        var ranked = new Matches(logitScale: 10, logitBias: -4).Rank([1, 0], Items, 2, top: 2).Single();
        Assert.Equal(1 / (1 + Math.Exp(-4)), ranked[0].Probability, 1e-6);
        Assert.Equal(1 / (1 + Math.Exp(-2)), ranked[1].Probability, 1e-6);
    }

    [Fact]
    public void Nothing_overflows_at_the_largest_scale()
    {
        var ranked = new Matches(logitScale: 1e6).Rank([1, 0], Items, 2, top: 3).Single();
        Assert.Equal(1, ranked[0].Probability, 1e-12);
        Assert.All(ranked, match => Assert.InRange(match.Probability, 0, 1));
    }

    [Fact]
    public void Rows_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new Matches(1).Rank([1, 0], [1, 0, 1], 2, 1));
        Assert.Throws<ArgumentException>(() => new Matches(1).Rank([1, 0], [], 2, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Matches(1).Rank([1, 0], [1, 0], 2, 0));
    }
}
