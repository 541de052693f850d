using Flip.Tasks.Benchmarking;

namespace Flip.Tests.Tasks.Benchmarking;

public class LaneGroupsTests
{
    [Fact]
    public void Settings_of_one_model_are_one_group_whatever_their_number()
    {
        var lanes = Enumerable.Repeat(new LaneMemory(0, 100, 1, 50), 20).ToList();
        Assert.Equal(100 + 20 + 50, LaneGroups.Bytes([.. Enumerable.Range(0, 20)], lanes));
        Assert.Equal([.. Enumerable.Range(0, 20)], Assert.Single(LaneGroups.Of(lanes, 170)));
    }

    [Fact]
    public void Models_that_do_not_fit_together_are_in_groups_that_each_have_the_first_setting()
    {
        var lanes = Enumerable.Range(0, 5).Select(model => new LaneMemory(model, 100, 0, 50)).ToList();
        Assert.Equal([[0, 1, 2], [0, 3, 4]], LaneGroups.Of(lanes, 350)); // three models and a step
        Assert.Equal([[0, 1], [0, 2], [0, 3], [0, 4]], LaneGroups.Of(lanes, 349));
    }

    [Fact]
    public void A_setting_that_does_not_fit_beside_the_first_is_alone_with_it() =>
        Assert.Equal([[0, 1], [0, 2]], LaneGroups.Of([new(0, 10, 0, 1), new(1, 1000, 0, 1), new(2, 10, 0, 1)], 30));

    [Fact]
    public void Of_steps_only_the_largest_counts() =>
        Assert.Equal(10 + 10 + 3 + 4 + 900, LaneGroups.Bytes([0, 1], [new(0, 10, 3, 900), new(1, 10, 4, 2)]));

    [Fact]
    public void A_single_setting_is_a_group() => Assert.Equal([[0]], LaneGroups.Of([new(0, 10, 0, 1)], 1));
}
