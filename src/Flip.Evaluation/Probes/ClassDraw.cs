using Flip.Randomness;

namespace Flip.Evaluation.Probes;

/// <summary>The images of each class in a random order that depends on the seed and the labels alone.</summary>
internal sealed class ClassDraw
{
    private readonly int[][] _images;

    private ClassDraw(int[][] images) => _images = images;

    /// <summary>The images of each class, <c>[classes][of the class]</c>.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Images => _images;

    /// <summary>Draws.</summary>
    /// <param name="labels">Class of each image.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="seed">Seed.</param>
    /// <param name="draw">Which of the seed's draws.</param>
    public static ClassDraw Of(int[] labels, int classes, ulong seed, int draw = 0)
    {
        var images = labels.Index().ToLookup(image => image.Item, image => image.Index);
        return new([.. Enumerable.Range(0, classes).Select(c => Shuffle([.. images[c]], new(seed, RandomPurpose.Evaluation, draw, c)))]);
    }

    /// <summary>Cuts a share off each class: at least one image, and at least one stays; a class of one image stays whole.</summary>
    /// <returns>What stays and what is held out, in their order in the set.</returns>
    public (IReadOnlyList<int> Kept, IReadOnlyList<int> Held) HoldOut(double share)
    {
        var (kept, held) = (new List<int>(), new List<int>());
        foreach (var images in _images)
        {
            var count = images.Length < 2 ? 0 : Math.Clamp((int)Math.Round(share * images.Length), 1, images.Length - 1);
            held.AddRange(images[..count]);
            kept.AddRange(images[count..]);
        }

        kept.Sort();
        held.Sort();
        return (kept, held);
    }

    private static int[] Shuffle(int[] items, CounterRandom random)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var other = random.NextInt(i + 1);
            (items[i], items[other]) = (items[other], items[i]);
        }

        return items;
    }
}
