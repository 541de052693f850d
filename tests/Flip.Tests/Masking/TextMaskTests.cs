using Flip.Config;
using Flip.Masking;
using Flip.Randomness;

namespace Flip.Tests.Masking;

public class TextMaskTests
{
    [Theory]
    [InlineData(TextMaskKind.Random)]
    [InlineData(TextMaskKind.Prioritized)]
    [InlineData(TextMaskKind.Block)]
    [InlineData(TextMaskKind.Truncate)]
    public void Every_kind_keeps_the_count_in_order_with_the_pooled_position(TextMaskKind kind)
    {
        for (var sample = 0; sample < 200; sample++)
        {
            foreach (var (valid, pooled) in new[] { (0, 0), (1, 0), (5, 0), (5, 4), (12, 0), (12, 11) })
            {
                var ids = Choose(kind, valid, pooled, 4, sample);
                Assert.Equal(4, ids.Distinct().Count());
                Assert.Equal(ids.Order(), ids);
                Assert.Contains(pooled, ids);
                Assert.All(ids, id => Assert.InRange(id, 0, 11));
            }
        }
    }

    [Fact]
    public void Prioritized_removes_padding_before_any_word()
    {
        for (var sample = 0; sample < 100; sample++)
        {
            Assert.Equal([0, 1, 2], Choose(TextMaskKind.Prioritized, 3, 0, 4, sample)[..3]);
            Assert.All(Choose(TextMaskKind.Prioritized, 7, 0, 4, sample), id => Assert.InRange(id, 0, 6));
        }
    }

    [Fact]
    public void Random_removes_words_and_padding_alike() =>
        Assert.Contains(Enumerable.Range(0, 100), sample => Choose(TextMaskKind.Random, 3, 0, 4, sample)[1] >= 3);

    [Fact]
    public void Truncate_keeps_the_first_tokens() => Assert.Equal([0, 1, 2, 3], Choose(TextMaskKind.Truncate, 9, 0, 4, 1));

    [Fact]
    public void Block_keeps_a_run_of_valid_tokens_and_all_runs_occur()
    {
        var starts = Enumerable.Range(0, 200).Select(sample => Choose(TextMaskKind.Block, 9, 5, 4, sample))
            .Where(ids => ids[3] - ids[0] == 3).Select(ids => ids[0]).Distinct().Order();
        Assert.Equal([2, 3, 4, 5], starts.Where(start => start > 1));
    }

    private static long[] Choose(TextMaskKind kind, int valid, int pooled, int kept, long sample)
    {
        var random = new CounterRandom(7, RandomPurpose.TextMask, 0, sample);
        var ids = new long[kept];
        TextMask.Choose(kind, 12, valid, pooled, ids, ref random);
        return ids;
    }
}
