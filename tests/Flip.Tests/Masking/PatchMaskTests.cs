using Flip.Config;
using Flip.Masking;
using Flip.Randomness;

namespace Flip.Tests.Masking;

public class PatchMaskTests
{
    public static TheoryData<ImageMaskKind, double> Kinds()
    {
        var data = new TheoryData<ImageMaskKind, double>();
        foreach (var kind in Enum.GetValues<ImageMaskKind>())
        {
            foreach (var ratio in new[] { 0.0, 0.1, 0.25, 0.5, 0.6, 0.75, 0.9, 0.99 })
            {
                data.Add(kind, ratio);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_kind_keeps_exactly_the_count_of_distinct_patches_at_any_ratio(ImageMaskKind kind, double ratio)
    {
        foreach (var grid in new[] { 1, 4, 7, 14 })
        {
            var kept = MaskRatio.Kept(grid * grid, ratio);
            for (var sample = 0; sample < 20; sample++)
            {
                var ids = Choose(kind, grid, kept, sample);
                Assert.Equal(kept, ids.Distinct().Count());
                Assert.All(ids, id => Assert.InRange(id, 0, (grid * grid) - 1));
            }
        }
    }

    [Theory]
    [InlineData(ImageMaskKind.Random)]
    [InlineData(ImageMaskKind.Grid)]
    public void Every_patch_is_kept_equally_often(ImageMaskKind kind)
    {
        var counts = new int[64];
        for (var sample = 0; sample < 8000; sample++)
        {
            foreach (var id in Choose(kind, 8, 16, sample))
            {
                counts[id]++;
            }
        }

        Assert.All(counts, count => Assert.InRange(count, 1850, 2150)); // mean 2000, deviation 39
    }

    [Fact]
    public void A_grid_mask_of_75_percent_keeps_one_patch_of_every_2x2_cell()
    {
        var cells = Choose(ImageMaskKind.Grid, 8, 16, 5).Select(id => (id / 8 / 2, id % 8 / 2));
        Assert.Equal(16, cells.Distinct().Count());
    }

    [Fact]
    public void A_block_mask_keeps_one_full_rectangle()
    {
        var ids = Choose(ImageMaskKind.Block, 8, 16, 5);
        var (rows, columns) = (ids.Select(id => id / 8).Distinct().ToArray(), ids.Select(id => id % 8).Distinct().ToArray());
        Assert.Equal((4, 4), (rows.Length, columns.Length));
        Assert.Equal((3, 3), (rows.Max() - rows.Min(), columns.Max() - columns.Min()));
    }

    [Fact]
    public void A_mask_depends_on_its_sample_and_epoch_alone()
    {
        var together = PatchMask.ChooseBatch(ImageMaskKind.Random, 8, 16, 1, [0, 0, 1], [5, 6, 5]);
        var alone = PatchMask.ChooseBatch(ImageMaskKind.Random, 8, 16, 1, [0], [6]);
        Assert.Equal(together[16..32], alone);
        Assert.NotEqual(together[..16], together[32..]);
    }

    [Theory]
    [InlineData(64, 32, 2)]
    [InlineData(64, 16, 4)]
    [InlineData(49, 24, 3)]
    public void Complementary_views_together_show_every_patch(int patches, int kept, int views)
    {
        var random = new CounterRandom(1, RandomPurpose.Evaluation);
        var ensemble = PatchMask.ComplementaryViews(patches, kept, ref random);
        Assert.Equal(views, ensemble.Length);
        Assert.All(ensemble, view => Assert.Equal(kept, view.Distinct().Count()));
        Assert.Equal(patches, ensemble.SelectMany(view => view).Distinct().Count());
    }

    [Fact]
    public void Restore_inverts_the_order_kept_removed()
    {
        var order = PatchMask.WithRemoved([5, 2], 6);
        Assert.Equal([5, 2, 0, 1, 3, 4], order);
        Assert.Equal([2, 3, 1, 4, 5, 0], PatchMask.Restore(order));
    }

    private static long[] Choose(ImageMaskKind kind, int grid, int kept, long sample)
    {
        var random = new CounterRandom(7, RandomPurpose.ImageMask, 0, sample);
        var ids = new long[kept];
        PatchMask.Choose(kind, grid, ids, ref random);
        return ids;
    }
}
