using System.Buffers.Binary;
using Flip.Data.Records;

namespace Flip.Data.Layouts;

/// <summary>
/// IDX files as MNIST and those made like it have: <c>t10k-images-idx3-ubyte</c>, <c>t10k-labels-idx1-ubyte</c>, <c>train-...</c>, each as it is or
/// with <c>.gz</c>.
/// </summary>
public sealed record IdxFiles : LabelledLayout
{
    private const int ImagesMagic = 0x803; // bytes in three dimensions
    private const int LabelsMagic = 0x801; // bytes in one
    private const int LargestSide = 1 << 12;

    /// <inheritdoc/>
    public override string Kind => "idx";

    /// <inheritdoc/>
    public override string Describe(string split) => $"IDX files ({Prefix(split)}-images-idx3-ubyte and -labels-idx1-ubyte, or .gz{Place})";

    internal override bool IsAt(string folder, LayoutOptions options) => Find(folder, options.Split, "images-idx3-ubyte") is not null;

    internal override LabelledImages Open(string folder, LayoutOptions options, CancellationToken cancellation)
    {
        var imagesPath = Find(folder, options.Split, "images-idx3-ubyte")!;
        var labelsPath = Find(folder, options.Split, "labels-idx1-ubyte")
            ?? throw new ConfigException($"'{imagesPath}' has no labels beside it ({Prefix(options.Split)}-labels-idx1-ubyte).");
        PixelRecords records = default;
        var count = 0;
        var images = RecordFile.Open(options.Source.Inside(imagesPath), 16, header =>
        {
            (count, var rows, var columns) = ReadImagesHeader(imagesPath, header);
            records = new PixelRecords(columns, rows, PixelOrder.Gray, Header: header.Length);
            return header.Length + ((long)count * records.Bytes);
        });
        RecordFile.CheckCount(imagesPath, count);
        var labels = ReadLabels(options.Source.Inside(labelsPath), count, options.Classes?.Names.Count ?? byte.MaxValue + 1);
        return new LabelledImages(new RecordImages([images], records), labels, options.Classes?.Names ?? NumberNames(labels, labelsPath));
    }

    private static (int Count, int Rows, int Columns) ReadImagesHeader(string path, byte[] header)
    {
        var numbers = Enumerable.Range(0, 4).Select(i => BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4 * i))).ToArray();
        return numbers is [ImagesMagic, > 0, > 0 and <= LargestSide, > 0 and <= LargestSide]
            ? (numbers[1], numbers[2], numbers[3])
            : throw new EvaluationDataException($"'{path}' is no IDX file of images: its header says {string.Join(", ", numbers)}.");
    }

    private static List<int[]> ReadLabels(string path, int count, int classes)
    {
        var file = RecordFile.Open(path, 8, header =>
        {
            var (magic, labels) = (BinaryPrimitives.ReadInt32BigEndian(header), BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4)));
            return magic == LabelsMagic && labels == count
                ? header.Length + labels
                : throw new EvaluationDataException(
                    $"'{path}' is no IDX file of {count} labels: its header says {magic} (instead of {LabelsMagic}) and {labels}.");
        });
        var bytes = new byte[count];
        using var reader = file.OpenReader();
        reader.Read(8, bytes);
        var bad = Array.FindIndex(bytes, label => label >= classes);
        return bad < 0
            ? [.. bytes.Select(label => new[] { (int)label })]
            : throw new EvaluationDataException($"The image {bad} in '{path}' has the class {bytes[bad]}, and there are {classes}.");
    }

    private static string? Find(string folder, string split, string name) =>
        ((string[])[$"{Prefix(split)}-{name}", $"{Prefix(split)}-{name}.gz"]).Select(file => Path.Combine(folder, file)).FirstOrDefault(File.Exists);

    private static string Prefix(string split) => SplitNames.Of(split).Contains(SplitNames.Train) ? "train" : "t10k";
}
