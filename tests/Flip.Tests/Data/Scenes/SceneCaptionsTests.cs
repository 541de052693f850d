using Flip.Data.Scenes;
using Flip.Randomness;

namespace Flip.Tests.Data.Scenes;

public class SceneCaptionsTests
{
    private static readonly List<(Scene Scene, IReadOnlyList<string> Captions)> Train = [.. Captioned(1500)];

    [Fact]
    public void Every_caption_names_the_color_and_shape_of_every_object_and_no_other()
    {
        foreach (var (scene, captions) in Train)
        {
            var expected = scene.Objects.Select(item => (item.Color, item.Shape)).Order();
            Assert.All(captions, caption => Assert.Equal(expected, PairsIn(caption).Order()));
        }
    }

    [Fact]
    public void Sizes_textures_and_backgrounds_that_are_named_are_true()
    {
        foreach (var (scene, captions) in Train)
        {
            foreach (var caption in captions)
            {
                AssertTrue(caption, Enum.GetValues<SceneSize>(), SceneWords.Of, size => scene.Objects.Any(item => item.Size == size));
                AssertTrue(
                    caption,
                    Enum.GetValues<SceneTexture>(),
                    texture => [.. SceneWords.Of(texture), SceneWords.Behind(texture)],
                    texture => scene.Objects.Any(item => item.Texture == texture));
                AssertTrue(caption, Enum.GetValues<SceneBackground>(), SceneWords.Of, background => scene.Background == background);
            }
        }
    }

    [Fact]
    public void Relations_of_two_objects_are_true()
    {
        var told = 0;
        foreach (var (scene, captions) in Train.Where(item => item.Scene.Objects.Count == 2))
        {
            foreach (var caption in captions)
            {
                // The object named first, and where it must be for the sentence to be true.
                var first = PairsIn(caption)[0] == (scene.Objects[0].Color, scene.Objects[0].Shape) ? scene.Objects[0] : scene.Objects[1];
                var second = first == scene.Objects[0] ? scene.Objects[1] : scene.Objects[0];
                var text = $" {caption} ";
                if (text.Contains(" left of ", StringComparison.Ordinal) || text.Contains(" to the left of ", StringComparison.Ordinal))
                {
                    Assert.True(first.X < second.X, caption);
                    told++;
                }
                else if (text.Contains(" right of ", StringComparison.Ordinal))
                {
                    Assert.True(first.X > second.X, caption);
                    told++;
                }
                else if (text.Contains(" above ", StringComparison.Ordinal) || text.Contains(" over ", StringComparison.Ordinal))
                {
                    Assert.True(first.Y < second.Y, caption);
                    told++;
                }
                else if (text.Contains(" below ", StringComparison.Ordinal) || text.Contains(" under ", StringComparison.Ordinal))
                {
                    Assert.True(first.Y > second.Y, caption);
                    told++;
                }
            }
        }

        Assert.True(told > 1000, $"{told} relations were told");
    }

    [Fact]
    public void Places_of_a_single_object_are_true()
    {
        foreach (var (scene, captions) in Train.Where(item => item.Scene.Objects.Count == 1))
        {
            var item = scene.Objects[0];
            foreach (var words in captions.Select(caption => caption.Split(' ')))
            {
                Assert.True(!words.Contains("left") || item.X < 0.42, string.Join(' ', words));
                Assert.True(!words.Contains("right") || item.X > 0.58, string.Join(' ', words));
                Assert.True(!(words.Contains("top") || words.Contains("upper")) || item.Y < 0.42, string.Join(' ', words));
                Assert.True(!(words.Contains("bottom") || words.Contains("lower")) || item.Y > 0.58, string.Join(' ', words));
            }
        }
    }

    [Fact]
    public void Captions_of_a_scene_differ_and_fit_the_text_tower()
    {
        Assert.All(Train, item => Assert.Equal(SceneCaptions.Count, item.Captions.Count));
        Assert.InRange(Train.Average(item => item.Captions.Distinct().Count()), 4.9, 5);
        Assert.All(Train, item => Assert.All(item.Captions, caption => Assert.InRange(caption.Split(' ', ',').Length, 3, 30)));
    }

    [Fact]
    public void Articles_agree_and_blanks_are_single()
    {
        foreach (var caption in Train.SelectMany(item => item.Captions))
        {
            Assert.DoesNotMatch(@"\ba [aeiou]|\ban [^aeiou]|  |^ | $", caption);
        }
    }

    [Fact]
    public void Wording_is_a_function_of_seed_split_and_index()
    {
        var sampler = new SceneSampler(4, SceneSplit.Train);
        var (first, second) = (sampler.Wording(8), sampler.Wording(8));
        Assert.Equal(SceneCaptions.Write(sampler.Sample(8), ref first), SceneCaptions.Write(sampler.Sample(8), ref second));
    }

    /// <summary>Colors and shapes in the order of the sentence, by the words alone.</summary>
    private static List<(SceneColor Color, SceneShape Shape)> PairsIn(string caption)
    {
        var colors = Mentions(caption, Enum.GetValues<SceneColor>(), SceneWords.Of);
        var shapes = Mentions(caption, Enum.GetValues<SceneShape>(), SceneWords.Of);
        Assert.Equal(colors.Count, shapes.Count);
        return [.. colors.Zip(shapes)];
    }

    private static List<T> Mentions<T>(string caption, T[] values, Func<T, IReadOnlyList<string>> words)
    {
        var text = Padded(caption);
        var found = new List<(int At, T Value)>();
        foreach (var value in values)
        {
            foreach (var word in words(value).Where(word => word.Length > 0))
            {
                for (var at = text.IndexOf($" {word} ", StringComparison.Ordinal); at >= 0;
                    at = text.IndexOf($" {word} ", at + 1, StringComparison.Ordinal))
                {
                    found.Add((at, value));
                }
            }
        }

        return [.. found.OrderBy(item => item.At).Select(item => item.Value)];
    }

    private static void AssertTrue<T>(string caption, T[] values, Func<T, IReadOnlyList<string>> words, Func<T, bool> isTrue) =>
        Assert.All(Mentions(caption, values, words), value => Assert.True(isTrue(value), $"'{caption}' says {value}"));

    private static string Padded(string caption) => $" {caption.Replace(",", " ", StringComparison.Ordinal)} ";

    private static IEnumerable<(Scene Scene, IReadOnlyList<string> Captions)> Captioned(int count)
    {
        var sampler = new SceneSampler(1, SceneSplit.Train);
        for (var i = 0; i < count; i++)
        {
            var scene = sampler.Sample(i);
            CounterRandom random = sampler.Wording(i);
            yield return (scene, SceneCaptions.Write(scene, ref random));
        }
    }
}
