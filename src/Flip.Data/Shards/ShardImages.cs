using System.Globalization;
using CommunityToolkit.HighPerformance.Buffers;
using Flip.Data.Tar;

namespace Flip.Data.Shards;

/// <summary>The images of indexed shards. A key is the shard's name and the sample's, <c>dev-0000/000123</c>.</summary>
/// <param name="index">The data set.</param>
public sealed class ShardImages(DataSetIndex index) : IImageSource
{
    private readonly IReadOnlyList<string> _names = ShardNames.Of([.. index.Shards.Select(shard => shard.Path)]);

    /// <inheritdoc/>
    public int Count { get; } = checked((int)index.Count);

    /// <inheritdoc/>
    /// <remarks>Of the places of the images too: which members are images is a matter of how shards are read.</remarks>
    public string Fingerprint(ContentHashes? hashes = null, CancellationToken cancellation = default)
    {
        using var fingerprint = new Fingerprint();
        var contents = (hashes ?? new()).Of([.. index.Shards.Select(shard => shard.LocalPath)], cancellation);
        foreach (var (name, content, shard) in _names.Zip(contents, index.Shards))
        {
            fingerprint.Add(UnicodeName.Composed(name)).Add(content);
            foreach (var sample in shard.Samples)
            {
                fingerprint.Add(string.Create(CultureInfo.InvariantCulture, $"{sample.Image.Offset / TarHeader.BlockSize} {sample.Image.Length}"));
            }
        }

        return fingerprint.Take();
    }

    /// <inheritdoc/>
    /// <exception cref="IOException">A shard has changed since it was indexed.</exception>
    public IEnumerable<string> Keys(int first = 0)
    {
        for (var shard = 0; shard < index.Shards.Count; first = Math.Max(0, first - index.Shards[shard++].Count))
        {
            if (first < index.Shards[shard].Count)
            {
                var name = _names[shard];
                foreach (var key in ShardReader.ReadKeys(index.Shards[shard]).Skip(first))
                {
                    yield return $"{name}/{key}";
                }
            }
        }
    }

    /// <inheritdoc/>
    public string Describe(int image) => index.Describe(image);

    /// <inheritdoc/>
    public string PathOf(int image) => index.Shards[index.Find(image).Shard].Path;

    /// <inheritdoc/>
    public IImageReader Open() => new Reader(index);

    private sealed class Reader(DataSetIndex index) : IImageReader
    {
        private readonly ShardFiles _files = index.OpenFiles();

        public MemoryOwner<byte> Read(int image)
        {
            var (shard, entry) = index.Find(image);
            return index.Members(_files, shard).ReadImage(entry.Image);
        }

        public void Dispose() => _files.Dispose();
    }
}
