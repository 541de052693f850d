using Flip.Data.Files;
using Flip.Data.Records;

namespace Flip.Data.Layouts;

/// <summary>STL-10's binary files: <c>test_X.bin</c>, 96x96 pixels in three planes, column after column, and <c>test_y.bin</c>, classes from 1.</summary>
public sealed record StlFiles : LabelledLayout
{
    private const int Side = 96;

    /// <inheritdoc/>
    public override string Kind => "stl10";

    /// <inheritdoc/>
    public override string Describe(string split) => $"STL-10's binary files ({split}_X.bin and {split}_y.bin{Place})";

    internal override bool IsAt(string folder, LayoutOptions options) => FindFile(folder, "{split}_X.bin", options) is not null;

    internal override LabelledImages Open(string folder, LayoutOptions options, CancellationToken cancellation)
    {
        var records = new PixelRecords(Side, Side, PixelOrder.PlanesByColumn);
        var images = RecordFile.OfRecords(FindFile(folder, "{split}_X.bin", options)!, records.Bytes);
        var labelsPath = FindFile(folder, "{split}_y.bin", options)
            ?? throw new ConfigException($"'{images.Path}' has no labels beside it ({options.Split}_y.bin).");
        RecordFile.CheckCount(images.Path, images.Length / records.Bytes);
        var names = options.Classes?.Names ?? NamesIn(folder, options);
        var source = new RecordImages([images], records);
        var labels = ReadLabels(labelsPath, source.Count, names?.Count ?? byte.MaxValue);
        return new LabelledImages(source, labels, names ?? NumberNames(labels, labelsPath));
    }

    private static List<int[]> ReadLabels(string path, int count, int classes)
    {
        var file = RecordFile.OfRecords(path, 1);
        if (file.Length != count)
        {
            throw new EvaluationDataException($"'{path}' has {file.Length} labels for {count} images.");
        }

        var bytes = new byte[count];
        using var reader = file.OpenReader();
        reader.Read(0, bytes);
        var bad = Array.FindIndex(bytes, label => label < 1 || label > classes);
        return bad < 0
            ? [.. bytes.Select(label => new[] { label - 1 })]
            : throw new EvaluationDataException($"The image {bad} in '{path}' has the class {bytes[bad]}; classes go from 1 to {classes}.");
    }

    private static List<string>? NamesIn(string folder, LayoutOptions options)
    {
        var path = Path.Combine(folder, "class_names.txt");
        return File.Exists(path) ? [.. TextLines.LinesOf(options.Source.Inside(path)).Select(line => line.Trim()).Where(line => line.Length > 0)] : null;
    }
}
