using System.Globalization;
using Flip.Config;
using Flip.Data.Formats;
using Flip.Data.Images;
using Flip.Data.Loading;
using Flip.Data.Sources;

namespace Flip.Cli.Runs;

/// <summary>Labelled images as commands name them.</summary>
internal static class LabelledData
{
    /// <summary>Opens shards whose samples have a <c>.cls</c>.</summary>
    /// <param name="source">The shards.</param>
    /// <param name="classes">File of class names; null numbers them.</param>
    /// <param name="options">Who is told of the indexing.</param>
    /// <param name="cancellation">Stops the indexing.</param>
    /// <exception cref="ConfigException">There are no shards, or a label has no name.</exception>
    /// <exception cref="EvaluationDataException">A shard is damaged, or a sample has no class.</exception>
    public static LabelledImages Open(string source, string? classes, SourceOptions options, CancellationToken cancellation)
    {
        var names = classes is null ? null : ClassNames.Load(classes);
        var index = DataSetIndex.Open(source, options.Indexing, cancellation);
        var labels = new EvaluationSet(index, new EvaluationTransform(EvalTransform.Flip, 1)).Labels;
        var most = labels.Max();
        return names is not null && most >= names.Count
            ? throw new ConfigException($"'{source}' has the label {most}, and {classes} has {names.Count} names: 0 to {names.Count - 1}.")
            : new LabelledImages(
                new ShardImages(index),
                [.. labels.Select(label => new[] { label })],
                names ?? [.. Enumerable.Range(0, most + 1).Select(label => label.ToString(CultureInfo.InvariantCulture))]);
    }

    /// <summary>The class of each image, where each has one.</summary>
    /// <exception cref="ConfigException">An image has several.</exception>
    public static int[] SingleLabels(LabelledImages images, string source)
    {
        var several = images.Labels.Index().FirstOrDefault(image => image.Item.Length != 1, (Index: -1, Item: []));
        return several.Index < 0
            ? [.. images.Labels.Select(labels => labels[0])]
            : throw new ConfigException(
                $"'{source}' is a set with several labels an image, such as {images.Images.Describe(several.Index)} with {several.Item.Length}: "
                + "probes are of sets with one.");
    }

    /// <summary>The class names of two sets that have the same classes; of sets without names the longer list of numbers.</summary>
    /// <exception cref="ConfigException">They differ.</exception>
    public static IReadOnlyList<string> CommonNames(LabelledImages train, LabelledImages test)
    {
        foreach (var (label, (ofTrain, ofTest)) in train.ClassNames.Zip(test.ClassNames).Index())
        {
            if (ofTrain != ofTest)
            {
                throw new ConfigException($"Class {label} is '{ofTrain}' in --train and '{ofTest}' in --test; give the names of both with --classes.");
            }
        }

        return train.ClassNames.Count > test.ClassNames.Count ? train.ClassNames : test.ClassNames;
    }
}
