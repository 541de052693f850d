using Flip.Data.Scenes;

namespace Flip.Tests.Data.Scenes;

public class SceneSamplerTests
{
    private static readonly List<Scene> Train = [.. Scenes(SceneSplit.Train, 4000)];

    [Fact]
    public void Held_out_pairs_are_about_a_fifth_and_leave_every_color_and_background_to_training()
    {
        Assert.InRange((double)SceneCombinations.HeldOut.Count / SceneCombinations.All.Length, 0.15, 0.3);
        Assert.Equal(SceneCombinations.All.Length, SceneCombinations.HeldOut.Count + SceneCombinations.Seen.Count);
        Assert.All(SceneCombinations.Seen.CountBy(pair => pair.Color), group => Assert.InRange(group.Value, 2, 8));
        Assert.All(SceneCombinations.Seen.CountBy(pair => pair.Background), group => Assert.InRange(group.Value, 3, 10));
        Assert.Equal(10, SceneCombinations.Seen.DistinctBy(pair => pair.Color).Count());
        Assert.Equal(8, SceneCombinations.Seen.DistinctBy(pair => pair.Background).Count());
        Assert.True(SceneCombinations.HeldOut.DistinctBy(pair => pair.Color).Count() >= 6);
        Assert.Equal("purple circle on sand", SceneCombinations.Name(SceneColor.Purple, SceneBackground.Sand));
    }

    [Fact]
    public void No_training_or_retrieval_scene_shows_a_held_out_pair()
    {
        foreach (var scene in Train.Concat(Scenes(SceneSplit.Retrieval, 1000)))
        {
            Assert.All(scene.Objects, item => Assert.Contains((item.Color, scene.Background), SceneCombinations.Seen));
        }
    }

    [Fact]
    public void Training_shows_every_other_pair_and_every_attribute()
    {
        var objects = Train.SelectMany(scene => scene.Objects).ToList();
        Assert.Equal(
            SceneCombinations.Seen.Count,
            Train.SelectMany(scene => scene.Objects.Select(item => (item.Color, scene.Background))).Distinct().Count());
        Assert.Equal(10, objects.DistinctBy(item => item.Shape).Count());
        Assert.Equal(4, objects.DistinctBy(item => item.Texture).Count());
        Assert.Equal(3, objects.DistinctBy(item => item.Size).Count());
        Assert.Equal(8, Train.DistinctBy(scene => scene.Background).Count());
        Assert.Equal(6, Train.DistinctBy(scene => scene.Layout).Count());
    }

    [Fact]
    public void Labelled_splits_show_one_object_and_go_round_their_classes()
    {
        foreach (var (split, classes) in new[] { (SceneSplit.HeldOut, SceneCombinations.HeldOut), (SceneSplit.Seen, SceneCombinations.Seen) })
        {
            var scenes = Scenes(split, 2 * classes.Count).ToList();
            Assert.All(scenes, scene => Assert.Equal(SceneShape.Circle, Assert.Single(scene.Objects).Shape));
            var shown = scenes.CountBy(scene => (scene.Objects[0].Color, scene.Background)).ToList();
            Assert.Equal(classes.Order(), shown.Select(group => group.Key).Order());
            Assert.All(shown, group => Assert.Equal(2, group.Value));
        }

        Assert.All(Scenes(SceneSplit.Retrieval, 200), scene => Assert.InRange(scene.Objects.Count, 2, 3));
    }

    [Fact]
    public void Objects_lie_inside_the_picture_apart_from_each_other_and_as_the_layout_says()
    {
        foreach (var scene in Train)
        {
            Assert.All(scene.Objects, item => Assert.InRange(item.X, item.Extent / 2, 1 - (item.Extent / 2)));
            Assert.All(scene.Objects, item => Assert.InRange(item.Y, item.Extent / 2, 1 - (item.Extent / 2)));
            for (var i = 0; i < scene.Objects.Count; i++)
            {
                for (var j = 0; j < i; j++)
                {
                    var (a, b) = (scene.Objects[i], scene.Objects[j]);
                    var apart = Math.Max(Math.Abs(a.X - b.X), Math.Abs(a.Y - b.Y)) - ((a.Extent + b.Extent) / 2);
                    Assert.True(apart > 0, $"{a} and {b} overlap");
                    Assert.NotEqual((a.Color, a.Shape), (b.Color, b.Shape));
                }
            }

            Assert.True(StandsAsLayout(scene), scene.ToString());
        }
    }

    [Fact]
    public void Every_object_stands_out_from_its_background() =>
        Assert.All(Train, scene => Assert.All(scene.Objects, item => Assert.True(ScenePalette.Contrasts(item.Color, scene.Background))));

    [Fact]
    public void A_scene_is_a_function_of_seed_split_and_index()
    {
        static string Text(ulong seed, SceneSplit split, long index)
        {
            var scene = new SceneSampler(seed, split).Sample(index);
            return $"{scene.Background} {scene.Grain} {string.Join(';', scene.Objects)}";
        }

        Assert.Equal(Text(1, SceneSplit.Train, 9), Text(1, SceneSplit.Train, 9));
        Assert.NotEqual(Text(1, SceneSplit.Train, 9), Text(2, SceneSplit.Train, 9));
        Assert.NotEqual(Text(1, SceneSplit.Train, 9), Text(1, SceneSplit.Retrieval, 9));
        Assert.NotEqual(Text(1, SceneSplit.Train, 9), Text(1, SceneSplit.Train, 10));
    }

    internal static IEnumerable<Scene> Scenes(SceneSplit split, int count)
    {
        var sampler = new SceneSampler(1, split);
        return Enumerable.Range(0, count).Select(i => sampler.Sample(i));
    }

    private static bool StandsAsLayout(Scene scene)
    {
        var o = scene.Objects;
        return scene.Layout switch
        {
            SceneLayout.Alone => o.Count == 1,
            SceneLayout.SideBySide => o.Count == 2 && o[0].X < o[1].X && Math.Abs(o[0].Y - o[1].Y) < o[1].X - o[0].X,
            SceneLayout.Stacked => o.Count == 2 && o[0].Y < o[1].Y && Math.Abs(o[0].X - o[1].X) < o[1].Y - o[0].Y,
            SceneLayout.Row => o.Count == 3 && o[0].X < o[1].X && o[1].X < o[2].X,
            SceneLayout.OneAboveTwo => o.Count == 3 && o[0].Y < Math.Min(o[1].Y, o[2].Y) && o[1].X < o[2].X,
            _ => o.Count == 3 && o[0].Y > Math.Max(o[1].Y, o[2].Y) && o[1].X < o[2].X,
        };
    }
}
