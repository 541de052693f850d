namespace Flip.Evaluation.Metrics;

/// <summary>Scores of images for classes, and each image's right classes: what metrics of classification are functions of. Checked once.</summary>
public sealed class LabelledScores
{
    private readonly float[] _values;

    /// <summary>Checks and keeps the arrays; they are not copied.</summary>
    /// <param name="values"><c>[images, classes]</c>, row after row; higher is more likely. Of equal scores of an image the first class counts as the
    /// higher.</param>
    /// <param name="classes">Number of classes, at least 1.</param>
    /// <param name="labels">The right classes of each image, <c>[images][1 or more]</c>, each once.</param>
    /// <param name="keys">Names of the images for messages; null for their numbers.</param>
    /// <param name="ignored">Classes of each image that count neither for nor against, such as VOC's difficult objects; with it an image may also have no
    /// right class. Null where every image has one.</param>
    /// <exception cref="ArgumentException">The sizes do not fit.</exception>
    /// <exception cref="ConfigException">There are no images, or an image has no label, one twice or one that is no class.</exception>
    /// <exception cref="ArithmeticException">A score is not finite.</exception>
    public LabelledScores(float[] values, int classes, IReadOnlyList<int[]> labels, IReadOnlyList<string>? keys = null, IReadOnlyList<int[]>? ignored = null)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(classes);
        if (values.LongLength != (long)labels.Count * classes || (keys is not null && keys.Count != labels.Count)
            || (ignored is not null && ignored.Count != labels.Count))
        {
            throw new ArgumentException(
                $"{labels.Count} labelled images of {classes} classes have {(long)labels.Count * classes} scores and {labels.Count} keys, "
                + $"not {values.Length} and {keys?.Count ?? labels.Count}.",
                nameof(values));
        }

        (_values, Classes, Labels, Ignored) = (values, classes, labels, ignored);
        string Name(int image) => keys is null ? $"Image {image}" : $"The image '{keys[image]}'";
        if (labels.Count == 0)
        {
            throw new ConfigException("There are no labelled images to score.");
        }

        for (var image = 0; image < labels.Count; image++)
        {
            CheckLabels(labels[image], ignored?[image], classes, () => Name(image));
            if (Row(image).IndexOfAnyExceptInRange(float.MinValue, float.MaxValue) is >= 0 and var odd)
            {
                throw new ArithmeticException($"{Name(image)} has the score {Row(image)[odd]} for class {odd}: scores must be finite.");
            }
        }
    }

    /// <summary>Number of images, at least 1.</summary>
    public int Images => Labels.Count;

    /// <summary>Number of classes.</summary>
    public int Classes { get; }

    /// <summary>The right classes of each image.</summary>
    public IReadOnlyList<int[]> Labels { get; }

    /// <summary>Classes of each image that count neither for nor against; null where there are none.</summary>
    public IReadOnlyList<int[]>? Ignored { get; }

    /// <summary>Scores of an image, <c>[classes]</c>.</summary>
    public ReadOnlySpan<float> Row(int image) => _values.AsSpan(image * Classes, Classes);

    /// <summary>Scores of a class, <c>[images]</c>; a copy.</summary>
    public float[] Column(int label)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(label);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(label, Classes);
        var column = new float[Images];
        for (var image = 0; image < column.Length; image++)
        {
            column[image] = _values[(image * Classes) + label];
        }

        return column;
    }

    /// <summary>An image's right class that stands first, and its place, from 1. Of an image without one it is an ignored class; without that too, -1 at the
    /// place behind the last.</summary>
    public (int Class, int Rank) FirstRight(int image)
    {
        var row = Row(image);
        var answers = Labels[image].Length > 0 ? Labels[image] : Ignored![image];
        if (answers.Length == 0)
        {
            return (-1, Classes + 1);
        }

        var first = answers[0];
        foreach (var label in answers)
        {
            first = row[label] > row[first] || (row[label] == row[first] && label < first) ? label : first;
        }

        return (first, Ranking.Before(row, first) + 1);
    }

    /// <summary>Refuses labels that are none.</summary>
    /// <exception cref="ConfigException">See the constructor.</exception>
    internal static void CheckLabels(int[] right, int[]? ignored, int classes, Func<string> name)
    {
        int[] labels = [.. right, .. ignored ?? []];
        for (var i = 0; i < labels.Length; i++)
        {
            if (labels[i] < 0 || labels[i] >= classes)
            {
                throw new ConfigException($"{name()} has the label {labels[i]}, but there are {classes} classes: 0 to {classes - 1}.");
            }

            if (Array.IndexOf(labels, labels[i]) < i)
            {
                throw new ConfigException($"{name()} has the label {labels[i]} twice.");
            }
        }

        if (right.Length == 0 && ignored is null)
        {
            throw new ConfigException($"{name()} has no label.");
        }
    }
}
