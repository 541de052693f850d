using SkiaSharp;

namespace Flip.Data.Scenes;

/// <summary>The outlines of the shapes, around the origin, within 0.5 of it in both directions.</summary>
internal static class SceneOutlines
{
    /// <summary>A new path; the caller disposes of it.</summary>
    public static SKPath Create(SceneShape shape)
    {
        using var path = new SKPathBuilder();
        switch (shape)
        {
            case SceneShape.Circle:
                path.AddCircle(0, 0, 0.47f, SKPathDirection.Clockwise);
                break;
            case SceneShape.Square:
                path.AddRect(new SKRect(-0.42f, -0.42f, 0.42f, 0.42f), SKPathDirection.Clockwise);
                break;
            case SceneShape.Triangle:
                path.AddPoly([new(0, -0.46f), new(0.48f, 0.4f), new(-0.48f, 0.4f)], close: true);
                break;
            case SceneShape.Star:
                path.AddPoly(Star(), close: true);
                break;
            case SceneShape.Heart:
                AddHeart(path);
                break;
            case SceneShape.Diamond:
                path.AddPoly([new(0, -0.5f), new(0.36f, 0), new(0, 0.5f), new(-0.36f, 0)], close: true);
                break;
            case SceneShape.Cross:
                AddCross(path);
                break;
            case SceneShape.Ring:
                path.AddCircle(0, 0, 0.47f, SKPathDirection.Clockwise);
                path.AddCircle(0, 0, 0.21f, SKPathDirection.CounterClockwise);
                break;
            case SceneShape.Crescent:
                AddCrescent(path);
                break;
            default:
                path.AddPoly(
                    [
                        new(-0.48f, -0.16f), new(0.02f, -0.16f), new(0.02f, -0.42f), new(0.49f, 0), new(0.02f, 0.42f),
                        new(0.02f, 0.16f), new(-0.48f, 0.16f),
                    ],
                    close: true);
                break;
        }

        return path.Detach();
    }

    private static SKPoint[] Star()
    {
        var points = new SKPoint[10];
        for (var i = 0; i < points.Length; i++)
        {
            var angle = Math.PI * i / 5;
            var radius = i % 2 == 0 ? 0.5 : 0.21;
            points[i] = new SKPoint((float)(radius * Math.Sin(angle)), (float)(0.03 - (radius * Math.Cos(angle))));
        }

        return points;
    }

    private static void AddHeart(SKPathBuilder path)
    {
        path.MoveTo(0, 0.46f);
        path.CubicTo(-0.62f, 0.02f, -0.54f, -0.44f, -0.25f, -0.44f);
        path.CubicTo(-0.1f, -0.44f, -0.02f, -0.34f, 0, -0.24f);
        path.CubicTo(0.02f, -0.34f, 0.1f, -0.44f, 0.25f, -0.44f);
        path.CubicTo(0.54f, -0.44f, 0.62f, 0.02f, 0, 0.46f);
        path.Close();
    }

    private static void AddCross(SKPathBuilder path)
    {
        const float Outer = 0.46f;
        const float Inner = 0.155f;
        path.AddPoly(
            [
                new(-Inner, -Outer), new(Inner, -Outer), new(Inner, -Inner), new(Outer, -Inner), new(Outer, Inner), new(Inner, Inner),
                new(Inner, Outer), new(-Inner, Outer), new(-Inner, Inner), new(-Outer, Inner), new(-Outer, -Inner), new(-Inner, -Inner),
            ],
            close: true);
    }

    private static void AddCrescent(SKPathBuilder path)
    {
        // Two arcs between the same points: the outer a large part of a circle, the inner a shallower bite out of it.
        path.MoveTo(0.2f, -0.44f);
        path.ArcTo(0.48f, 0.48f, 0, SKPathArcSize.Large, SKPathDirection.CounterClockwise, 0.2f, 0.44f);
        path.ArcTo(0.46f, 0.46f, 0, SKPathArcSize.Small, SKPathDirection.Clockwise, 0.2f, -0.44f);
        path.Close();
    }
}
