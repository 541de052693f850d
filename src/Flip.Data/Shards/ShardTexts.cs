using System.Globalization;

namespace Flip.Data.Shards;

/// <summary>All captions of indexed shards. A key is that of the image (<see cref="ShardImages"/>) and the caption's number,
/// <c>dev-0000/000123#0</c>.</summary>
/// <param name="index">The data set.</param>
internal sealed class ShardTexts(DataSetIndex index) : ITextSource
{
    private static readonly CaptionReader Captions = new();

    /// <inheritdoc/>
    public IEnumerable<SourceText> Read()
    {
        using var files = index.OpenFiles();
        foreach (var (sample, key) in new ShardImages(index).Keys().Index())
        {
            foreach (var text in Read(files, sample, key))
            {
                yield return text;
            }
        }
    }

    private IEnumerable<SourceText> Read(ShardFiles files, int sample, string key)
    {
        var (shard, entry) = index.Find(sample);
        try
        {
            return Captions.Read(index.Members(files, shard), entry).Select(
                (caption, i) => new SourceText(string.Create(CultureInfo.InvariantCulture, $"{key}#{i}"), caption));
        }
        catch (BadSampleException e)
        {
            return [new SourceText(key, null, $"'{key}' in '{index.Shards[shard].Path}': {e.Cause}, {e.Message}")];
        }
    }
}
