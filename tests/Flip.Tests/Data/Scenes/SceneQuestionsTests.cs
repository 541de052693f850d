using System.Globalization;
using Flip.Data.Scenes;
using Flip.Randomness;

namespace Flip.Tests.Data.Scenes;

public class SceneQuestionsTests
{
    private static readonly List<(Scene Scene, SceneQuestion Asked)> Train = [.. Asked(SceneSplit.Train, 3000)];

    [Fact]
    public void Counts_are_those_of_the_scene() =>
        Assert.All(Of(SceneQuestionKind.Count), item => Assert.Equal(item.Scene.Objects.Count.ToString(CultureInfo.InvariantCulture), item.Asked.Answer));

    [Fact]
    public void A_color_is_asked_of_a_shape_that_is_there_once()
    {
        foreach (var (scene, asked) in Of(SceneQuestionKind.Color))
        {
            var named = Enum.GetValues<SceneShape>().Where(shape => SceneWords.Of(shape).Any(word => asked.Question.Contains($"the {word}", StringComparison.Ordinal))).ToList();
            var item = Assert.Single(scene.Objects, item => named.Contains(item.Shape));
            Assert.Equal(SceneWords.Of(item.Color)[0], asked.Answer);
        }
    }

    [Fact]
    public void What_is_said_to_be_there_is_there_and_what_is_not_shares_a_color_or_a_shape_with_something_that_is()
    {
        foreach (var (scene, asked) in Of(SceneQuestionKind.Existence))
        {
            var (color, shape) = Assert.Single(Pairs(asked.Question));
            Assert.Equal(asked.Answer == "yes", scene.Objects.Any(item => (item.Color, item.Shape) == (color, shape)));
            Assert.Contains(scene.Objects, item => item.Color == color || item.Shape == shape);
        }
    }

    [Fact]
    public void Positions_are_true_where_the_answer_is_yes_and_the_opposite_where_it_is_no()
    {
        foreach (var (scene, asked) in Of(SceneQuestionKind.Position))
        {
            var named = Pairs(asked.Question).Select(pair => scene.Objects.Single(item => (item.Color, item.Shape) == pair)).ToList();
            var holds =
                asked.Question.Contains("left of", StringComparison.Ordinal) ? named[0].X < named[1].X
                : asked.Question.Contains("right of", StringComparison.Ordinal) ? named[0].X > named[1].X
                : asked.Question.Contains(" above ", StringComparison.Ordinal) || asked.Question.Contains(" over ", StringComparison.Ordinal) ? named[0].Y < named[1].Y
                : named[0].Y > named[1].Y;
            Assert.Equal(asked.Answer == "yes", holds);
        }
    }

    [Fact]
    public void Yes_is_as_frequent_as_no_whatever_is_asked()
    {
        foreach (var kind in (SceneQuestionKind[])[SceneQuestionKind.Existence, SceneQuestionKind.Position])
        {
            Assert.InRange(Of(kind).Average(item => item.Asked.Answer == "yes" ? 1.0 : 0), 0.46, 0.54);
        }
    }

    [Fact]
    public void Two_objects_are_asked_of_in_four_ways_one_in_three()
    {
        Assert.All(Asked(SceneSplit.HeldOut, 50).GroupBy(item => item.Scene), group => Assert.Equal(
            [SceneQuestionKind.Count, SceneQuestionKind.Color, SceneQuestionKind.Existence], group.Select(item => item.Asked.Kind)));
        Assert.Contains(Train.GroupBy(item => item.Scene), group => group.Count() == 4);
    }

    [Fact]
    public void Questions_are_a_function_of_seed_split_and_index() =>
        Assert.Equal(Asked(SceneSplit.Seen, 20).Select(item => item.Asked), Asked(SceneSplit.Seen, 20).Select(item => item.Asked));

    private static List<(Scene Scene, SceneQuestion Asked)> Of(SceneQuestionKind kind)
    {
        var asked = Train.Where(item => item.Asked.Kind == kind).ToList();
        Assert.True(asked.Count > 500, $"{asked.Count} of {kind}");
        return asked;
    }

    private static IEnumerable<(Scene Scene, SceneQuestion Asked)> Asked(SceneSplit split, int count)
    {
        var sampler = new SceneSampler(3, split);
        return Enumerable.Range(0, count).SelectMany(i =>
        {
            var (scene, random) = (sampler.Sample(i), sampler.Asking(i));
            return SceneQuestions.Ask(scene, ref random).Select(asked => (scene, asked));
        });
    }

    /// <summary>Pairs of color and shape in the order of the sentence, by the words alone.</summary>
    private static List<(SceneColor Color, SceneShape Shape)> Pairs(string question) =>
    [
        .. from color in Enum.GetValues<SceneColor>()
           from colorWord in SceneWords.Of(color)
           from shape in Enum.GetValues<SceneShape>()
           from shapeWord in SceneWords.Of(shape)
           let at = question.IndexOf($"{colorWord} {shapeWord}", StringComparison.Ordinal)
           where at >= 0
           orderby at
           select (color, shape),
    ];
}
