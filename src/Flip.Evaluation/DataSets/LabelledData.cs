using System.Globalization;
using Flip.Data;
using Flip.Data.Classes;

namespace Flip.Evaluation.DataSets;

/// <summary>Labelled images as commands name them.</summary>
public static class LabelledData
{
    /// <summary>Opens labelled images: <c>NAME=PATH</c> of a known data set, a description, or the user's own images (<see cref="WrittenDataSet"/>).</summary>
    /// <param name="source">What a user wrote.</param>
    /// <param name="classes">File of class names for the user's own images; null takes what the data say.</param>
    /// <param name="training">Whether the training part is wanted, where the data have parts.</param>
    /// <param name="options">Who receives the progress of the indexing.</param>
    /// <param name="cancellation">Stops the indexing.</param>
    /// <exception cref="ConfigException">There are no such data, or a label has no name.</exception>
    /// <exception cref="EvaluationDataException">A shard is damaged, or a sample has no class.</exception>
    public static (DataSetDescription Set, LabelledImages Images) Open(
        string source, string? classes, bool training, SourceOptions options, CancellationToken cancellation)
    {
        var data = WrittenDataSet.One(source, null, classes, allowOutside: options.AllowOutside);
        return (data.Set, data.Set.OpenLabelled(data.Source, training, options, cancellation));
    }

    /// <summary>Opens images whose classes have to be those of others, by name and number.</summary>
    /// <inheritdoc cref="Open"/>
    /// <param name="names">Names of the classes.</param>
    /// <param name="whose">Whose classes these are, for a message.</param>
    /// <exception cref="ConfigException">The classes differ.</exception>
    public static (DataSetDescription Set, LabelledImages Images) OpenLike(
        string source,
        string? classes,
        bool training,
        IReadOnlyList<string> names,
        string whose,
        SourceOptions options,
        CancellationToken cancellation)
    {
        var (set, images) = Open(source, classes, training, options, cancellation);
        var other = images.ClassNames.Index().FirstOrDefault(name => name.Index >= names.Count || !UnicodeName.Comparer.Equals(names[name.Index], name.Item), (Index: -1, Item: ""));
        return other.Index >= 0
            ? throw new ConfigException(
                $"Class {other.Index} of '{source}' is '{other.Item}', and {(other.Index < names.Count ? $"'{names[other.Index]}'" : $"there are {names.Count} classes")} in {whose}; give the names of both with --classes.")
            : (set, images with { ClassNames = names });
    }

    /// <summary>Refuses classes that are numbers where their names are read.</summary>
    /// <exception cref="ConfigException">The data say no names.</exception>
    public static void CheckNamed(IReadOnlyList<string> classNames, string source)
    {
        if (classNames.Index().All(name => name.Item == name.Index.ToString(CultureInfo.InvariantCulture)))
        {
            throw new ConfigException($"'{source}' has class numbers and no names, which zero-shot classification reads: name the classes by --classes FILE.");
        }
    }

    /// <summary>Tells of classes that people would take for one.</summary>
    /// <param name="classNames">Names in the order of the numbers.</param>
    /// <param name="source">Whose they are.</param>
    /// <param name="say">Told, where there are any.</param>
    public static void SayAlike(IReadOnlyList<string> classNames, string source, Action<string> say)
    {
        if (ClassTable.Alike(classNames) is [var (first, later), ..] alike)
        {
            say(string.Create(
                CultureInfo.InvariantCulture,
                $"Warning: {alike.Count} of the {classNames.Count} classes of '{source}' are called as an earlier one, but for case, blanks, hyphens and underscores: {later} '{classNames[later]}' as {first} '{classNames[first]}'{(alike.Count > 1 ? " and others" : "")}."));
        }
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
                + "a classifier is trained and tested on sets with one.");
    }

    /// <summary>The class of each training image, where each has one and there are several classes.</summary>
    /// <exception cref="ConfigException">An image has several, or all have the same: the loss would be 0 whatever is learnt.</exception>
    public static int[] TrainingLabels(LabelledImages images, string source)
    {
        var labels = SingleLabels(images, source);
        return labels.Distinct().Take(2).Count() > 1
            ? labels
            : throw new ConfigException(
                $"All {labels.Length:N0} images of '{source}' are of the class '{images.ClassNames[labels[0]]}': a classifier is trained on at least two classes.");
    }

    /// <summary>The class names of two sets that have the same classes; of sets without names the longer list of numbers.</summary>
    /// <exception cref="ConfigException">They differ.</exception>
    public static IReadOnlyList<string> CommonNames(LabelledImages train, LabelledImages test)
    {
        foreach (var (label, (ofTrain, ofTest)) in train.ClassNames.Zip(test.ClassNames).Index())
        {
            if (!UnicodeName.Comparer.Equals(ofTrain, ofTest))
            {
                throw new ConfigException($"Class {label} is '{ofTrain}' in --train and '{ofTest}' in --test; give the names of both with --classes.");
            }
        }

        return train.ClassNames.Count > test.ClassNames.Count ? train.ClassNames : test.ClassNames;
    }
}
