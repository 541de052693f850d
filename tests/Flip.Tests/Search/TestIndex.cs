using Flip.Data;
using Flip.Randomness;
using Flip.Search;
using Flip.Search.Vectors;

namespace Flip.Tests.Search;

/// <summary>Indexes of vectors that no model made.</summary>
internal static class TestIndex
{
    public const int Dim = 16;

    public static IndexedModel Model { get; } = new("/models/tiny", new string('a', 64), new string('b', 64), "whole");

    public static IndexSettings Settings(VectorFormat format = VectorFormat.Fp32, int dim = Dim) => new(dim, format, new GraphSettings(8, 64, 64), 0, Model);

    /// <summary>A vector of length 1, the same for the same number.</summary>
    public static float[] Vector(int number, int dim = Dim)
    {
        var random = new CounterRandom(5, RandomPurpose.Evaluation, item: number);
        var vector = new float[dim];
        for (var i = 0; i < dim; i++)
        {
            vector[i] = (float)random.NextDouble(-1, 1);
        }

        var length = MathF.Sqrt(vector.Sum(value => value * value));
        return Array.ConvertAll(vector, value => value / length);
    }

    public static double Cosine(float[] a, float[] b) => a.Zip(b, (x, y) => (double)x * y).Sum() / Math.Sqrt(a.Sum(x => (double)x * x) * b.Sum(y => (double)y * y));

    public static string Hash(int number) => ContentHashes.Of(BitConverter.GetBytes(number));

    /// <summary>Makes contents of numbers, those that an index has already passed over.</summary>
    public static Dictionary<int, long> Add(this IndexUpdate update, params IEnumerable<int> numbers)
    {
        var known = numbers.Distinct().ToDictionary(number => number, number => update.Find(Hash(number)) ?? 0);
        int[] added = [.. known.Where(content => content.Value == 0).Select(content => content.Key)];
        foreach (var (number, content) in added.Zip(update.Add([.. added.Select(number => new IndexContent(Hash(number), Vector(number, update.Settings.EmbedDim)))])))
        {
            known[number] = content;
        }

        return known;
    }

    /// <summary>Brings an index to images named by keys that show numbers.</summary>
    public static IndexChanges Publish(string folder, IReadOnlyDictionary<string, int> images, VectorFormat format = VectorFormat.Fp32)
    {
        using var update = IndexUpdate.Begin(folder, Settings(format));
        var contents = update.Add(images.Values);
        foreach (var (key, number) in images)
        {
            Assert.True(update.Put(key, "/photos/" + key, contents[number]));
        }

        update.RemoveOthers();
        return update.Publish();
    }

    public static Dictionary<string, int> Images(int first, int count) => Enumerable.Range(first, count).ToDictionary(number => $"{number:D5}.jpg");

    /// <summary>What an index holds: each key with the number that its vector is of.</summary>
    public static void AssertHolds(string folder, IReadOnlyDictionary<string, int> images)
    {
        using var index = ImageIndex.Open(folder);
        var read = index.Read().ToList();
        Assert.Equal(images.Keys.Order(StringComparer.Ordinal), read.Select(image => image.Key));
        Assert.All(read, image => Assert.True(Cosine(Vector(images[image.Key]), image.Vector) > 0.999, image.Key));
        Assert.Equal(images.Count, index.Description.Images);
    }
}
