using Flip.Randomness;

namespace Flip.Data.Scenes;

/// <summary>Draws scenes: the scene at an index is a function of (seed, split, index). Safe to call from several threads.</summary>
/// <param name="seed">Seed of the data set.</param>
/// <param name="split">Which part of it.</param>
public sealed class SceneSampler(ulong seed, SceneSplit split)
{
    // Objects stay this far from the border and from each other, relative to the image's side.
    private const double Margin = 0.02;

    // An object alone stands in the middle, larger than one of several.
    private const double AloneScale = 1.45;

    /// <summary>The scene at an index.</summary>
    public Scene Sample(long index)
    {
        var random = new CounterRandom(seed, RandomPurpose.Scene, 2 * (int)split, index);
        var layout = DrawLayout(ref random);
        var (background, pairs) = split is SceneSplit.HeldOut or SceneSplit.Seen ? OfClass(index) : DrawPairs(layout, ref random);
        var boxes = layout switch
        {
            SceneLayout.Alone => [DrawAlone(ref random)],
            SceneLayout.SideBySide or SceneLayout.Stacked => DrawTwo(layout == SceneLayout.Stacked, ref random),
            SceneLayout.Row => DrawRow(ref random),
            _ => DrawPyramid(layout == SceneLayout.OneBelowTwo, ref random),
        };
        var objects = new SceneObject[pairs.Count];
        for (var i = 0; i < objects.Length; i++)
        {
            var (size, x, y, extent) = boxes[i];
            objects[i] = new SceneObject(
                pairs[i].Color, pairs[i].Shape, DrawTexture(ref random), size, (float)x, (float)y, (float)extent,
                (float)random.NextDouble(-8, 8));
        }

        return new Scene(background, layout, objects, random.NextUInt32());
    }

    /// <summary>Numbers for the wording of the scene at an index, apart from those that drew it.</summary>
    public CounterRandom Wording(long index) => new(seed, RandomPurpose.Scene, (2 * (int)split) + 1, index);

    /// <summary>Numbers for the questions about the scene at an index.</summary>
    public CounterRandom Asking(long index) => new(seed, RandomPurpose.Scene, (2 * Enum.GetValues<SceneSplit>().Length) + (int)split, index);

    private SceneLayout DrawLayout(ref CounterRandom random)
    {
        var singles = split switch { SceneSplit.Train => 0.5, SceneSplit.Retrieval => 0, _ => 1 };
        if (random.NextDouble() < singles)
        {
            return SceneLayout.Alone;
        }

        return random.NextDouble() < 0.75
            ? random.NextInt(2) == 0 ? SceneLayout.SideBySide : SceneLayout.Stacked
            : (SceneLayout)((int)SceneLayout.Row + random.NextInt(3));
    }

    /// <summary>The labelled splits go round all their classes, with one circle each.</summary>
    private (SceneBackground Background, List<(SceneColor Color, SceneShape Shape)> Objects) OfClass(long index)
    {
        var pool = split == SceneSplit.HeldOut ? SceneCombinations.HeldOut : SceneCombinations.Seen;
        var (color, background) = pool[(int)(index % pool.Count)];
        return (background, [(color, SceneShape.Circle)]);
    }

    /// <summary>A background, and colors and shapes that training may show on it, no pair twice.</summary>
    private static (SceneBackground Background, List<(SceneColor Color, SceneShape Shape)> Objects) DrawPairs(
        SceneLayout layout, ref CounterRandom random)
    {
        var background = (SceneBackground)random.NextInt(Enum.GetValues<SceneBackground>().Length);
        var colors = SceneCombinations.Seen.Where(pair => pair.Background == background).Select(pair => pair.Color).ToList();
        var count = layout switch { SceneLayout.Alone => 1, SceneLayout.SideBySide or SceneLayout.Stacked => 2, _ => 3 };
        var pairs = new List<(SceneColor Color, SceneShape Shape)>(count);
        while (pairs.Count < count)
        {
            var pair = (colors[random.NextInt(colors.Count)], (SceneShape)random.NextInt(Enum.GetValues<SceneShape>().Length));
            if (!pairs.Contains(pair))
            {
                pairs.Add(pair);
            }
        }

        return (background, pairs);
    }

    private static SceneTexture DrawTexture(ref CounterRandom random) =>
        random.NextInt(3) > 0 ? SceneTexture.Solid : (SceneTexture)(1 + random.NextInt(3));

    private static double DrawExtent(SceneSize size, ref CounterRandom random) => size switch
    {
        SceneSize.Small => random.NextDouble(0.26, 0.30),
        SceneSize.Medium => random.NextDouble(0.36, 0.40),
        _ => random.NextDouble(0.54, 0.60),
    };

    private static (SceneSize Size, double X, double Y, double Extent) DrawAlone(ref CounterRandom random)
    {
        var size = (SceneSize)random.NextInt(3);
        var extent = AloneScale * DrawExtent(size, ref random);
        return (size, random.NextDouble(0.47, 0.53), random.NextDouble(0.47, 0.53), extent);
    }

    private static List<(SceneSize Size, double X, double Y, double Extent)> DrawTwo(bool stacked, ref CounterRandom random)
    {
        // Large fits beside small only, medium beside small and medium.
        var first = (SceneSize)random.NextInt(3);
        var second = (SceneSize)random.NextInt(3 - (int)first);
        var (a, b) = (DrawExtent(first, ref random), DrawExtent(second, ref random));
        var slack = (1 - a - b - (3 * Margin)) / 2;
        var along = Margin + (a / 2) + random.NextDouble(0, slack);
        var alongSecond = 1 - Margin - (b / 2) - random.NextDouble(0, slack);
        var (across, acrossSecond) = (DrawAcross(a, ref random), DrawAcross(b, ref random));
        return stacked
            ? [(first, across, along, a), (second, acrossSecond, alongSecond, b)]
            : [(first, along, across, a), (second, alongSecond, acrossSecond, b)];
    }

    /// <summary>A centre near the middle: the relation of two objects is to be clear.</summary>
    private static double DrawAcross(double extent, ref CounterRandom random)
    {
        var room = Math.Min(0.12, 0.5 - Margin - (extent / 2));
        return 0.5 + random.NextDouble(-room, room);
    }

    private static List<(SceneSize Size, double X, double Y, double Extent)> DrawRow(ref CounterRandom random)
    {
        var boxes = new List<(SceneSize Size, double X, double Y, double Extent)>();
        for (var i = 0; i < 3; i++)
        {
            boxes.Add((SceneSize.Small, (i + 0.5) / 3, DrawAcross(0.3, ref random), DrawExtent(SceneSize.Small, ref random)));
        }

        return boxes;
    }

    private static List<(SceneSize Size, double X, double Y, double Extent)> DrawPyramid(bool inverted, ref CounterRandom random)
    {
        var boxes = new List<(SceneSize Size, double X, double Y, double Extent)>();
        for (var i = 0; i < 3; i++)
        {
            var size = (SceneSize)random.NextInt(2);
            var x = (i switch { 0 => 0.5, 1 => 0.26, _ => 0.74 }) + random.NextDouble(-0.03, 0.03);
            var y = ((i == 0) != inverted ? 0.26 : 0.74) + random.NextDouble(-0.03, 0.03);
            boxes.Add((size, x, y, DrawExtent(size, ref random)));
        }

        return boxes;
    }
}
