using System.IO.Compression;
using Flip.Conversion.Containers;
using Flip.Storage;

namespace Flip.Tests.Conversion.Containers;

/// <summary>PyTorch archives whose zip file lies, and files that are no such archive.</summary>
public sealed class TorchZipTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Path => _folder.File("model.pt");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Zip_bombs_are_refused_before_they_are_unpacked()
    {
        // 64 MiB of zeros take 64 KiB.
        var bomb = PickleWriter.Write(new Dictionary<object, object?> { ["t"] = new PickledTensor("ByteStorage", "0", 1 << 26, 0, [1 << 26], [1]) });
        TorchFile.Write(Path, bomb, [("0", new byte[1 << 26])], CompressionLevel.Optimal);
        using (var archive = new TorchArchive(Path))
        {
            Assert.Contains("more than 100 times", Assert.Throws<CheckpointFormatException>(() => archive.Describe("t")).Message, StringComparison.Ordinal);
            Assert.Contains("more than 100 times", Assert.Throws<CheckpointFormatException>(() => archive.ReadTensor("t")).Message, StringComparison.Ordinal);
        }

        TorchFile.Write(Path, new byte[(1 << 25) + 1], [], CompressionLevel.NoCompression);
        AssertRefused("at most 33554432 are read");
    }

    [Fact]
    public void A_packed_record_is_not_unpacked_beyond_its_stated_length()
    {
        // All headers say 2000 bytes, as the pickle does; the deflate stream holds 4000.
        var pickle = PickleWriter.Write(new Dictionary<object, object?> { ["t"] = new PickledTensor("FloatStorage", "0", 500, 0, [500], [1]) });
        TorchFile.Write(Path, pickle, [("0", [.. Enumerable.Repeat((byte)1, 4000)])], CompressionLevel.Optimal);
        var bytes = File.ReadAllBytes(Path);
        Replace(bytes, BitConverter.GetBytes(4000), BitConverter.GetBytes(2000));
        File.WriteAllBytes(Path, bytes);
        using (var archive = new TorchArchive(Path))
        {
            using var tensor = archive.ReadTensor("t");
            Assert.Equal([.. Enumerable.Repeat((byte)1, 2000)], TorchFile.Bytes(tensor));
        }

        // The other way round: the stream ends before the length that everything states.
        var longer = PickleWriter.Write(new Dictionary<object, object?> { ["t"] = new PickledTensor("FloatStorage", "0", 1500, 0, [1500], [1]) });
        TorchFile.Write(Path, longer, [("0", [.. Enumerable.Repeat((byte)1, 4000)])], CompressionLevel.Optimal);
        bytes = File.ReadAllBytes(Path);
        Replace(bytes, BitConverter.GetBytes(4000), BitConverter.GetBytes(6000));
        File.WriteAllBytes(Path, bytes);
        using var cut = new TorchArchive(Path);
        Assert.Contains("'archive/data/0' is damaged", Assert.Throws<CheckpointFormatException>(() => cut.ReadTensor("t")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Zip_entries_of_one_name_or_place_are_refused()
    {
        using (var zip = new ZipArchive(File.Create(Path), ZipArchiveMode.Create))
        {
            foreach (var _ in Enumerable.Range(0, 2))
            {
                using var stream = zip.CreateEntry("archive/data.pkl", CompressionLevel.NoCompression).Open();
                stream.Write(PickleWriter.Write(new Dictionary<object, object?>()));
            }
        }

        AssertRefused("'archive/data.pkl' is there twice");

        // Two directory entries for the same 100 000 bytes.
        TorchFile.Write(Path, PickleWriter.Write(1), [("0", new byte[100_000]), ("1", new byte[100_000])]);
        var bytes = File.ReadAllBytes(Path);
        var start = bytes.AsSpan().IndexOf("PK\u0001\u0002"u8);
        var cut = 150_000;
        var moved = bytes[..(start - cut)].Concat(bytes[start..]).ToArray();
        var end = moved.AsSpan().LastIndexOf("PK\u0005\u0006"u8);
        BitConverter.TryWriteBytes(moved.AsSpan(end + 16), start - cut);
        File.WriteAllBytes(Path, moved);
        AssertRefused("outside the file or on another one");
    }

    [Fact]
    public void What_is_no_archive_gets_an_error_that_says_what_it_is()
    {
        File.WriteAllBytes(Path, "PK\u0003\u0004 and nothing else"u8);
        AssertRefused("no zip archive, or a damaged one");
        File.WriteAllBytes(Path, []);
        AssertRefused("has no bytes: it is empty");
        using (var zip = new ZipArchive(File.Create(Path), ZipArchiveMode.Create))
        {
            zip.CreateEntry("word/document.xml");
        }

        AssertRefused("'data.pkl'");
        TorchFile.Write(Path, PickleWriter.Write(1), [], byteOrder: "big");
        AssertRefused("byte order 'big'");
    }

    private static void Replace(Span<byte> bytes, ReadOnlySpan<byte> what, ReadOnlySpan<byte> with)
    {
        for (var at = bytes.IndexOf(what); at >= 0; at = bytes.IndexOf(what))
        {
            with.CopyTo(bytes[at..]);
        }
    }

    private void AssertRefused(string expected)
    {
        var error = Assert.Throws<CheckpointFormatException>(() => new TorchArchive(Path));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("model.pt", error.Message, StringComparison.Ordinal);
    }
}
