using Flip.Config;
using Flip.Data.Formats;
using Flip.Data.Images;
using Flip.Data.Loading;
using Flip.Data.Sources;

namespace Flip.Cli.Runs;

/// <summary>Opens images with classes: a folder with a folder for each class, or shards with <c>.cls</c>.</summary>
internal static class LabelledData
{
    /// <summary>Opens a source.</summary>
    /// <param name="source">A folder, or a shard pattern.</param>
    /// <param name="classNames">Names in the order of the class numbers. Null takes those of a folder's folders; shards need them.</param>
    /// <param name="progress">Told (shards done, shards), from any thread.</param>
    /// <param name="cancellation">Stops the indexing.</param>
    /// <exception cref="ConfigException">There is no such source, or its classes are not those of <paramref name="classNames"/>.</exception>
    /// <exception cref="EvaluationDataException">A shard is damaged, or a sample has no class.</exception>
    public static LabelledImages Open(
        string source, IReadOnlyList<string>? classNames, Action<int, int>? progress = null, CancellationToken cancellation = default)
    {
        var images = ImageSources.Open(source, new SourceOptions { Indexing = progress }, cancellation);
        return images is ShardImages
            ? OfShards(source, classNames, progress, cancellation)
            : OfFolders(source, images, classNames);
    }

    private static LabelledImages OfShards(
        string source, IReadOnlyList<string>? classNames, Action<int, int>? progress, CancellationToken cancellation)
    {
        if (classNames is null)
        {
            throw new ConfigException($"'{source}' has class numbers: name their classes by --classes FILE.");
        }

        var index = DataSetIndex.Open(source, progress, cancellation);
        var labels = new EvaluationSet(index, new EvaluationTransform(EvalTransform.Flip, 1)).Labels;
        var bad = Array.FindIndex(labels, label => label >= classNames.Count);
        return bad < 0
            ? new LabelledImages(new ShardImages(index), Array.ConvertAll(labels, label => new[] { label }), classNames)
            : throw new ConfigException(
                $"The sample {index.Describe(bad)} has the class {labels[bad]}, but there are {classNames.Count} class names: 0 to {classNames.Count - 1}.");
    }

    /// <summary>Folders are classes in ordinal order, or those that have their names.</summary>
    private static LabelledImages OfFolders(string source, IImageSource images, IReadOnlyList<string>? classNames)
    {
        var folders = images.Keys().Select(key => key.Split('/') is [var folder, _, ..]
            ? folder
            : throw new ConfigException($"'{source}' is no labelled set: the image '{key}' lies in no folder of a class.")).ToList();
        var known = folders.Distinct().Order(StringComparer.Ordinal).ToList();
        var names = classNames ?? known;
        var byName = names.Index().DistinctBy(name => name.Item).ToDictionary(name => name.Item, name => name.Index, StringComparer.Ordinal);
        var numbers = known.All(byName.ContainsKey) ? byName
            : known.Count == names.Count ? known.Index().ToDictionary(folder => folder.Item, folder => folder.Index)
            : throw new ConfigException(
                $"'{source}' has {known.Count} folders of classes, such as '{known.First(folder => !byName.ContainsKey(folder))}', and there are {names.Count} classes, none of that name.");
        return new LabelledImages(images, [.. folders.Select(folder => new[] { numbers[folder] })], names);
    }
}
