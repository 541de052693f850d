using Flip.Config;
using Flip.Decoding;
using static TorchSharp.torch;

namespace Flip.Tests.Decoding;

public class BeamSearchTests
{
    // Tokens 0 and 1, the beginning 2, the end 3.
    private const int Vocabulary = 4;
    private const int Begin = 2;
    private const int End = 3;

    private static readonly DecodingConfig Free = new() { Beams = 1, MinLength = 0, MaxLength = 6, LengthPenalty = 0 };

    [Fact]
    public void Greedy_search_takes_the_likeliest_token_each_time_and_ends_with_the_first_end()
    {
        var found = Best(Free, Misleading);
        Assert.Equal([0], found.Tokens);
        Assert.True(found.IsFinished);
        Assert.Equal(Math.Log(0.6 * 0.5), found.LogProbability, 1e-6);
    }

    [Fact]
    public void Two_beams_find_what_begins_less_likely()
    {
        var found = Best(Free with { Beams = 2 }, Misleading);
        Assert.Equal([1], found.Tokens);
        Assert.Equal(Math.Log(0.39 * 0.97), found.LogProbability, 1e-6);
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.7)]
    [InlineData(1.0)]
    public void With_as_many_beams_as_sequences_it_finds_the_best_of_all(double penalty)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var options = new DecodingConfig { Beams = 64, MinLength = 1, MaxLength = 5, LengthPenalty = penalty, NoRepeatNgram = 2 };
            var all = Every(seed, options).OrderByDescending(one => one.Score).ToList();
            var found = Run(options, 1, (_, tokens) => Scores(seed, tokens))[0];
            Assert.Equal(all[0].Tokens, found[0].Tokens);
            Assert.Equal(all[0].Score, found[0].Score, 1e-5);
            Assert.Equal(all.Take(3).Select(one => one.Score), found.Take(3).Select(one => one.Score), (a, b) => Math.Abs(a - b) < 1e-5);
        }
    }

    [Fact]
    public void A_sequence_has_its_fewest_tokens_before_it_may_end()
    {
        var found = Best(Free with { MinLength = 3 }, (_, _) => [0, -1, -1, 5]);
        Assert.Equal([0, 0, 0], found.Tokens);
        Assert.True(found.IsFinished);
    }

    [Fact]
    public void A_sequence_that_does_not_end_is_cut()
    {
        var found = Best(Free with { MaxLength = 4 }, (_, _) => [0, -1, -1, -50]);
        Assert.Equal([0, 0, 0, 0], found.Tokens);
        Assert.False(found.IsFinished);
    }

    [Fact]
    public void The_models_places_are_a_bound_too()
    {
        var found = new BeamSearch(Free, Begin, End, most: 5).Run(Model(1, (_, _) => [0, -1, -1, -50]), 1, CPU)[0][0];
        Assert.Equal(3, found.Tokens.Count);
    }

    [Fact]
    public void No_run_of_tokens_comes_twice()
    {
        var found = Best(Free with { NoRepeatNgram = 2, MaxLength = 8 }, (_, _) => [1, 0, -9, -5]);
        Assert.Equal([0, 0, 1, 0], found.Tokens.Take(4));
        var pairs = found.Tokens.Zip(found.Tokens.Skip(1)).ToList();
        Assert.Equal(pairs.Count, pairs.Distinct().Count());
    }

    [Fact]
    public void Where_nothing_may_come_next_the_sequence_is_cut()
    {
        var found = Best(Free with { NoRepeatNgram = 1, MinLength = 5 }, (_, _) => [1, 0, 0, 0]);
        Assert.Equal([0, 1], found.Tokens);
        Assert.False(found.IsFinished);
    }

    [Fact]
    public void The_length_penalty_decides_between_a_short_and_a_long_one()
    {
        // [0] has -1.6 in 2 tokens, [1 0] has -2.05 in 3.
        float[] Of(int item, IReadOnlyList<int> tokens) => tokens switch
        {
            [Begin] => [-0.6f, -0.95f, -20, -20],
            [Begin, 0] => [-20, -20, -20, -1],
            [Begin, 1] => [-0.6f, -20, -20, -20],
            _ => [-20, -20, -20, -0.5f],
        };
        DecodedSequence With(double penalty) => new BeamSearch(Free with { Beams = 2, LengthPenalty = penalty }, Begin, End, 40)
            .Run(new Unnormalised(Model(2, (row, tokens) => Of(row, tokens))), 1, CPU)[0][0];
        Assert.Equal([0], With(0).Tokens);
        Assert.Equal([1, 0], With(1).Tokens);
    }

    [Fact]
    public void The_mark_of_the_beginning_is_never_written()
    {
        var found = Best(Free, (_, tokens) => tokens.Count < 3 ? [0, 0, 99, -9] : [0, 0, 99, 50]);
        Assert.DoesNotContain(Begin, found.Tokens);
    }

    [Fact]
    public void Scores_that_are_no_numbers_are_refused() =>
        Assert.Throws<ArithmeticException>(() => Best(Free, (_, _) => [0, float.NaN, 0, 0]));

    [Fact]
    public void Items_have_nothing_to_do_with_each_other()
    {
        var options = new DecodingConfig { Beams = 3, MinLength = 1, MaxLength = 7, LengthPenalty = 1 };
        var together = Run(options, 5, (row, tokens) => Scores(row / 3, tokens));
        for (var item = 0; item < 5; item++)
        {
            var seed = item;
            var alone = Run(options, 1, (_, tokens) => Scores(seed, tokens))[0];
            Assert.Equal(alone.Select(one => string.Join(' ', one.Tokens)), together[item].Select(one => string.Join(' ', one.Tokens)));
        }
    }

    private static DecodedSequence Best(DecodingConfig options, Func<int, IReadOnlyList<int>, float[]> scores) => Run(options, 1, scores)[0][0];

    private static IReadOnlyList<IReadOnlyList<DecodedSequence>> Run(DecodingConfig options, int items, Func<int, IReadOnlyList<int>, float[]> scores) =>
        new BeamSearch(options, Begin, End, most: 40).Run(Model(items * options.Beams, scores), items, CPU);

    private static ChainModel Model(int rows, Func<int, IReadOnlyList<int>, float[]> scores) => new(Vocabulary, rows, scores);

    /// <summary>0 is likelier first, but what begins with 1 ends surely.</summary>
    private static float[] Misleading(int row, IReadOnlyList<int> tokens) => [.. (tokens switch
    {
        [Begin] => new[] { 0.6, 0.39, 0, 0.01 },
        [Begin, 0] => [0.25, 0.25, 0, 0.5],
        _ => [0.02, 0.01, 0, 0.97],
    }).Select(share => (float)Math.Log(share + 1e-12))];

    private static float[] Scores(int seed, IReadOnlyList<int> tokens)
    {
        var random = new Random(tokens.Aggregate(seed + 17, (hash, token) => unchecked((hash * 31) + token)));
        return [.. Enumerable.Range(0, Vocabulary).Select(_ => (float)(random.NextDouble() * 4))];
    }

    /// <summary>Every sequence that the options allow, with the score that it has by itself.</summary>
    private static IEnumerable<(int[] Tokens, double Score)> Every(int seed, DecodingConfig options)
    {
        var open = new List<(int[] Tokens, double Sum)> { ([], 0) };
        while (open.Count > 0)
        {
            var next = new List<(int[] Tokens, double Sum)>();
            foreach (var (tokens, sum) in open)
            {
                var scores = Scores(seed, [Begin, .. tokens]);
                var norm = Math.Log(scores.Sum(score => Math.Exp(score)));
                foreach (var token in new[] { 0, 1, End })
                {
                    var with = sum + scores[token] - norm;
                    if (token == End && tokens.Length >= options.MinLength)
                    {
                        yield return (tokens, with / Math.Pow(tokens.Length + 1, options.LengthPenalty));
                    }
                    else if (token != End && !tokens.Zip(tokens.Skip(1)).Contains((tokens.LastOrDefault(-1), token)))
                    {
                        int[] longer = [.. tokens, token];
                        if (longer.Length == options.MaxLength)
                        {
                            yield return (longer, with / Math.Pow(longer.Length, options.LengthPenalty));
                        }
                        else
                        {
                            next.Add((longer, with));
                        }
                    }
                }
            }

            open = next;
        }
    }

    /// <summary>Fills up the likeliest scores to a distribution by one token that may not be written, so that they are log-probabilities.</summary>
    private sealed class Unnormalised(ChainModel inner) : INextToken
    {
        public int VocabularySize => inner.VocabularySize;

        public Tensor Next(Tensor tokens)
        {
            var scores = inner.Next(tokens);
            var rest = (1 - scores.exp().sum([1]) + scores.select(1, Begin).exp()).log();
            scores.select(1, Begin).copy_(rest);
            return scores;
        }

        public void Reorder(Tensor parents) => inner.Reorder(parents);

        public void Dispose() => inner.Dispose();
    }
}
