using Flip.Data.Files;
using Flip.Data.Records;

namespace Flip.Data.Layouts;

/// <summary>
/// CIFAR's binary version: records of labels (10 classes: one byte; 100: coarse, then fine) and 32x32 pixels in three planes.
/// <c>test_batch.bin</c> and <c>data_batch_*.bin</c> are CIFAR-10, <c>test.bin</c> and <c>train.bin</c> CIFAR-100, of which the fine labels are taken.
/// </summary>
public sealed record CifarFiles : LabelledLayout
{
    private const int Side = 32;

    /// <inheritdoc/>
    public override string Kind => "cifar";

    /// <inheritdoc/>
    public override string Describe(string split) =>
        $"CIFAR's binary files ({(IsTraining(split) ? "data_batch_1.bin ... or train.bin" : "test_batch.bin or test.bin")}{Place})";

    internal override bool IsAt(string folder, LayoutOptions options) => Find(folder, options.Split).Files.Count > 0;

    internal override LabelledImages Open(string folder, LayoutOptions options, CancellationToken cancellation)
    {
        var (paths, labelBytes) = Find(folder, options.Split);
        var records = new PixelRecords(Side, Side, PixelOrder.Planes, Label: labelBytes);
        var files = paths.ConvertAll(path => RecordFile.OfRecords(options.Source.Inside(path), records.Bytes));
        RecordFile.CheckCount(folder, files.Sum(file => file.Length / records.Bytes));
        var names = options.Classes?.Names ?? NamesIn(folder, labelBytes, options);
        var labels = files.SelectMany(file => Labels(file, records, names?.Count ?? byte.MaxValue + 1)).ToList();
        return new LabelledImages(new RecordImages(files, records), labels, names ?? NumberNames(labels, folder));
    }

    private static IEnumerable<int[]> Labels(RecordFile file, PixelRecords records, int classes)
    {
        using var reader = file.OpenReader();
        var label = new byte[records.Label];
        for (long offset = 0; offset < file.Length; offset += records.Bytes)
        {
            reader.Read(offset, label);
            yield return label[^1] < classes
                ? [label[^1]]
                : throw new EvaluationDataException($"The image {offset / records.Bytes} in '{file.Path}' has the class {label[^1]}, and there are {classes}.");
        }
    }

    private static (List<string> Files, int LabelBytes) Find(string folder, string split)
    {
        var ten = IsTraining(split)
            ? Enumerable.Range(1, 5).Select(part => Path.Combine(folder, $"data_batch_{part}.bin")).ToList()
            : [Path.Combine(folder, "test_batch.bin")];
        if (ten.Any(File.Exists))
        {
            return ten.Find(path => !File.Exists(path)) is { } missing
                ? throw new ConfigException($"CIFAR-10's file '{missing}' is missing.")
                : (ten, 1);
        }

        var hundred = Path.Combine(folder, IsTraining(split) ? "train.bin" : "test.bin");
        return File.Exists(hundred) ? ([hundred], 2) : ([], 0);
    }

    private static List<string>? NamesIn(string folder, int labelBytes, LayoutOptions options)
    {
        var path = Path.Combine(folder, labelBytes == 1 ? "batches.meta.txt" : "fine_label_names.txt");
        return File.Exists(path)
            ? [.. TextLines.LinesOf(options.Source.Inside(path)).Select(line => line.Trim().Replace('_', ' ')).Where(line => line.Length > 0)]
            : null;
    }

    private static bool IsTraining(string split) => SplitNames.Of(split).Contains(SplitNames.Train);
}
