using Flip.Data.Shards;

namespace Flip.Benchmarks;

/// <summary>Image files of a data set, held in memory.</summary>
internal static class ShardPhotos
{
    /// <summary>Reads the first ones as they are stored.</summary>
    /// <param name="index">The data set.</param>
    /// <param name="count">How many, at most.</param>
    public static List<byte[]> First(DataSetIndex index, int count)
    {
        using var reader = new ShardImages(index).Open();
        return [.. Enumerable.Range(0, (int)Math.Min(count, index.Count)).Select(i =>
        {
            using var bytes = reader.Read(i);
            return bytes.Span.ToArray();
        })];
    }
}
