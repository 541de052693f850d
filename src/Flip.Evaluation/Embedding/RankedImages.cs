using Flip.Data;
using Flip.Data.Files;
using Flip.Progress;
using Flip.Storage;

namespace Flip.Evaluation.Embedding;

/// <summary>The images of several sources, embedded into memory. Of a folder or shards beside other sources, keys begin with the source's
/// name, so that people know where an image is.</summary>
/// <param name="sources">What the user wrote, and what it opened.</param>
public sealed class RankedImages(IReadOnlyList<(string Name, IImageSource Images)> sources)
{
    /// <summary>Key of each embedding.</summary>
    public List<string> Keys { get; } = [];

    /// <summary>Embeddings, <c>[Keys, D]</c>.</summary>
    public float[] Vectors { get; private set; } = [];

    /// <summary>Images that were left out.</summary>
    public List<MissingItem> Missing { get; } = [];

    /// <summary>Embeds all images.</summary>
    /// <exception cref="ConfigException">They do not fit in an array, or none can be used.</exception>
    public void Encode(LoadedModel loaded, MaskChoice mask, bool allowMissing, IProgressView view, CancellationToken cancellation)
    {
        var count = sources.Sum(source => (long)source.Images.Count);
        var dim = loaded.Config.Model.EmbedDim;
        if (count > Array.MaxLength / dim)
        {
            throw new ConfigException(
                $"{count} images of {dim} numbers do not fit in memory at once, at most {Array.MaxLength / dim}: flip embed writes them to a file.");
        }

        Vectors = new float[count * dim];
        var areFew = count <= loaded.BatchSize; // they are there at once
        var meter = areFew ? null : new ItemMeter(view, "rank", "images", count);
        meter?.Report(0);
        var done = 0L;
        foreach (var (name, images) in sources)
        {
            var prefix = Prefix(name, images, sources.Count);
            foreach (var items in ItemEncoders.Images(loaded, mask, images, allowMissing, areFew).Encode(0, Keys.Count, cancellation: cancellation))
            {
                items.Vectors.CopyTo(Vectors, Keys.Count * dim);
                Keys.AddRange(items.Keys.Select(key => prefix + key));
                Missing.AddRange(items.Missing.Select(missing => missing with { Key = prefix + missing.Key }));
                meter?.Report(done += items.Next - items.First);
            }
        }

        Vectors = Keys.Count > 0
            ? Vectors[..(Keys.Count * dim)]
            : throw new ConfigException($"None of the {count} images can be used, such as '{Missing[0].Key}': {Missing[0].Problem}.");
    }

    /// <summary>What keys of a source's images begin with.</summary>
    /// <param name="name">What the user wrote.</param>
    /// <param name="images">What it opened.</param>
    /// <param name="sources">How many sources there are.</param>
    internal static string Prefix(string name, IImageSource images, int sources) =>
        sources == 1 || images is FileImages { IsOneFile: true } ? "" : name.TrimEnd('/') + "/";
}
