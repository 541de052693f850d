using System.Globalization;
using CommunityToolkit.HighPerformance.Buffers;

namespace Flip.Data.Records;

/// <summary>Images without compression from files of records. A key is the file's name and the record's number, <c>test_batch/17</c>.</summary>
/// <param name="files">The files.</param>
/// <param name="records">What is in them.</param>
internal sealed class RecordImages(IReadOnlyList<RecordFile> files, PixelRecords records) : IImageSource
{
    private readonly int[] _counts = [.. files.Select(file => checked((int)((file.Length - records.Header) / records.Bytes)))];

    /// <inheritdoc/>
    public int Count => _counts.Sum();

    /// <inheritdoc/>
    /// <remarks>A packed file has that of its content.</remarks>
    public string Fingerprint(ContentHashes? hashes = null, CancellationToken cancellation = default)
    {
        hashes ??= new();
        using var fingerprint = new Fingerprint();
        foreach (var file in files)
        {
            fingerprint.Add(Stem(file)).Add(file.Unpacked is { } content ? ContentHashes.Of(content) : hashes.Of([file.Path], cancellation)[0]);
        }

        return fingerprint.Take();
    }

    /// <inheritdoc/>
    public IEnumerable<string> Keys(int first = 0) => Enumerable.Range(first, Math.Max(0, Count - first)).Select(Key);

    /// <inheritdoc/>
    public string Describe(int image) =>
        string.Create(CultureInfo.InvariantCulture, $"{Locate(image).Record} in '{files[Locate(image).File].Path}'");

    /// <inheritdoc/>
    public IImageReader Open() => new Reader(this);

    private string Key(int image)
    {
        var (file, record) = Locate(image);
        return string.Create(CultureInfo.InvariantCulture, $"{Stem(files[file])}/{record}");
    }

    private static string Stem(RecordFile file) => Path.GetFileName(file.Path).Split('.')[0];

    private (int File, int Record) Locate(int image)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(image);
        for (var file = 0; file < _counts.Length; image -= _counts[file++])
        {
            if (image < _counts[file])
            {
                return (file, image);
            }
        }

        throw new ArgumentOutOfRangeException(nameof(image));
    }

    private sealed class Reader(RecordImages images) : IImageReader
    {
        private readonly RecordReader[] _files = images.OpenFiles();

        public MemoryOwner<byte> Read(int image)
        {
            var (file, record) = images.Locate(image);
            using var pixels = MemoryOwner<byte>.Allocate(images.Records.PixelBytes);
            _files[file].Read(images.Records.PixelsOf(record), pixels.Span);
            return images.Records.ToBitmap(pixels.Span);
        }

        public void Dispose() => Array.ForEach(_files, file => file.Dispose());
    }

    private PixelRecords Records => records;

    private RecordReader[] OpenFiles() => [.. files.Select(file => file.OpenReader())];
}
