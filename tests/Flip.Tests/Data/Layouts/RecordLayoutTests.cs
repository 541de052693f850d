using System.Buffers.Binary;
using Flip.Data;
using Flip.Data.Classes;
using Flip.Data.Layouts;

namespace Flip.Tests.Data.Layouts;

/// <summary>CIFAR's, MNIST's and STL-10's own files, byte by byte.</summary>
[Collection(Alone.Name)] // one test reads the process's memory
public sealed class RecordLayoutTests : IDisposable
{
    private readonly LayoutFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void CIFAR_10_has_a_label_and_three_planes_row_after_row()
    {
        // The pixel at row 1, column 2 of the second image: red 10, green 20, blue 30.
        var second = Record(1, 3, (Plane: 0, 34, 10), (1, 34, 20), (2, 34, 30));
        _folder.Bytes("cifar-10-batches-bin/test_batch.bin", [.. Record(1, 9), .. second])
            .Text("cifar-10-batches-bin/batches.meta.txt", "airplane", "auto_mobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck", "");
        var set = LabelledSources.Open(_folder.Path);
        Assert.Equal([[9], [3]], set.Labels);
        Assert.Equal(("auto mobile", 10), (set.ClassNames[1], set.ClassNames.Count));
        Assert.Equal(["test_batch/0", "test_batch/1"], set.Images.Keys());
        var pixels = LayoutFolder.Pixels(set.Images, 1);
        Assert.Equal(3 * 32 * 32, pixels.Length);
        Assert.Equal([10, 20, 30], pixels[(34 * 3)..(35 * 3)]);
        Assert.Equal(60, pixels.Sum(value => value));
    }

    [Fact]
    public void CIFAR_10s_training_images_are_in_five_files()
    {
        for (var part = 1; part <= 5; part++)
        {
            _folder.Bytes($"data_batch_{part}.bin", [.. Record(1, part), .. Record(1, 0)]);
        }

        _folder.Bytes("test_batch.bin", Record(1, 7));
        var set = LabelledSources.Open(_folder.Path, new LayoutOptions { Split = "train" });
        Assert.Equal([1, 0, 2, 0, 3, 0, 4, 0, 5, 0], set.Labels.Select(label => label[0]));
        Assert.Equal(["data_batch_3/1", "data_batch_4/0"], set.Images.Keys(5).Take(2));
        Assert.StartsWith("1 in '", set.Images.Describe(9), StringComparison.Ordinal);
        File.Delete(_folder.File("data_batch_4.bin"));
        Assert.Contains("data_batch_4.bin", Refusal(new LayoutOptions { Split = "train" }), StringComparison.Ordinal);
    }

    [Fact]
    public void CIFAR_100_has_a_coarse_label_before_the_fine_one()
    {
        var record = Record(2, 4, (1, 0, 255));
        (record[0], record[1]) = (4, 71);
        _folder.Bytes("test.bin", record);
        var set = LabelledSources.Open(_folder.Path);
        Assert.Equal([71], set.Labels.Single());
        Assert.Equal(("0", "71"), (set.ClassNames[0], set.ClassNames[^1]));
        Assert.Equal([0, 255, 0], LayoutFolder.Pixels(set.Images, 0)[..3]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void IDX_files_are_read_as_they_are_and_packed(bool packed)
    {
        // Two images of 2 rows and 3 columns.
        byte[] images = [.. Header(0x803, 2, 2, 3), 1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16];
        byte[] labels = [.. Header(0x801, 2), 7, 0];
        _ = packed
            ? _folder.Gzip("t10k-images-idx3-ubyte.gz", images).Gzip("t10k-labels-idx1-ubyte.gz", labels)
            : _folder.Bytes("t10k-images-idx3-ubyte", images).Bytes("t10k-labels-idx1-ubyte", labels);
        var set = LabelledSources.Open(_folder.Path);
        Assert.Equal([[7], [0]], set.Labels);
        Assert.Equal([11, 11, 11, 12, 12, 12, 13, 13, 13, 14, 14, 14, 15, 15, 15, 16, 16, 16], LayoutFolder.Pixels(set.Images, 1));
        Assert.Equal(["t10k-images-idx3-ubyte/0", "t10k-images-idx3-ubyte/1"], set.Images.Keys());
    }

    [Fact]
    public void Archives_of_one_length_with_other_pixels_have_another_fingerprint()
    {
        using var other = new LayoutFolder();
        foreach (var (folder, pixel) in new[] { (_folder, (byte)1), (other, (byte)2) })
        {
            folder.Bytes("t10k-images-idx3-ubyte", [.. Header(0x803, 1, 1, 1), pixel]).Bytes("t10k-labels-idx1-ubyte", [.. Header(0x801, 1), 0]);
        }

        var fingerprint = LabelledSources.Open(_folder.Path).Images.Fingerprint();
        Assert.NotEqual(fingerprint, LabelledSources.Open(other.Path).Images.Fingerprint());
        other.Bytes("t10k-images-idx3-ubyte", [.. Header(0x803, 1, 1, 1), 1]);
        Assert.Equal(fingerprint, LabelledSources.Open(other.Path).Images.Fingerprint());
    }

    [Fact]
    public void STL_10_has_columns_and_classes_from_1()
    {
        // Column 5, row 2: 5 * 96 + 2.
        var record = new byte[3 * 96 * 96];
        (record[(5 * 96) + 2], record[(96 * 96) + (5 * 96) + 2]) = (200, 100);
        _folder.Bytes("stl10_binary/test_X.bin", record).Bytes("stl10_binary/test_y.bin", 10)
            .Text("stl10_binary/class_names.txt", "airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck");
        var set = LabelledSources.Open(_folder.Path);
        Assert.Equal("truck", set.ClassNames[set.Labels.Single().Single()]);
        var pixels = LayoutFolder.Pixels(set.Images, 0);
        Assert.Equal([200, 100, 0], pixels[(3 * ((2 * 96) + 5))..(3 * ((2 * 96) + 6))]);
        Assert.Equal(300, pixels.Sum(value => value));
    }

    [Theory]
    [InlineData("test_batch.bin", 3073 - 1, "no whole number of records of 3073")]
    [InlineData("test_batch.bin", 0, "no whole number of records of 3073")]
    [InlineData("test.bin", 3073, "no whole number of records of 3074")]
    [InlineData("test_X.bin", 27648 + 5, "no whole number of records of 27648")]
    public void A_file_of_another_length_is_named(string name, int length, string problem)
    {
        _folder.Bytes(name, new byte[length]);
        var error = Damage();
        Assert.Contains(name, error, StringComparison.Ordinal);
        Assert.Contains(problem, error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_class_beyond_the_names_is_told()
    {
        _folder.Bytes("test_batch.bin", [.. Record(1, 0), .. Record(1, 2)]).Text("batches.meta.txt", "a", "b");
        Assert.Contains("The image 1 in '", Damage(), StringComparison.Ordinal);
        _folder.Bytes("test_batch.bin", Record(1, 1));
        Assert.Equal(["a", "b"], LabelledSources.Open(_folder.Path).ClassNames);
        var table = new ClassTable(ClassEntry.OfNames(["x"]));
        Assert.Contains("class 1", Assert.Throws<EvaluationDataException>(
            () => LabelledSources.Open(_folder.Path, new LayoutOptions { Classes = table })).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new[] { 0x803, 2, 2, 3 }, 11, "28 that its header promises")]
    [InlineData(new[] { 0x803, 2, 2, 3 }, 13, "28 that its header promises")]
    [InlineData(new[] { 0x801, 2, 2, 3 }, 12, "no IDX file of images")]
    [InlineData(new[] { 0x803, -1, 2, 3 }, 12, "no IDX file of images")]
    [InlineData(new[] { 0x803, 1, 2_000_000_000, 2_000_000_000 }, 12, "no IDX file of images")]
    [InlineData(new[] { 0x803, int.MaxValue, 4096, 4096 }, 12, "header promises")]
    [InlineData(new[] { 0x803, 2 }, 3, "ends inside its header")]
    public void A_damaged_IDX_file_of_images_is_named(int[] header, int pixels, string problem)
    {
        byte[] images = [.. Header(header), .. new byte[pixels]];
        _folder.Bytes("t10k-labels-idx1-ubyte", [.. Header(0x801, 2), 0, 0]).Bytes("t10k-images-idx3-ubyte", images);
        Assert.Contains(problem, Damage(), StringComparison.Ordinal);
        File.Delete(_folder.File("t10k-images-idx3-ubyte"));
        _folder.Gzip("t10k-images-idx3-ubyte.gz", images);
        var error = Damage();
        Assert.Contains("t10k-images-idx3-ubyte.gz", error, StringComparison.Ordinal);
        Assert.Contains("header", error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_packed_file_cannot_hold_is_not_allocated()
    {
        // 2 GB by the header, a few bytes on the disk.
        _folder.Bytes("t10k-labels-idx1-ubyte", [.. Header(0x801, 2), 0, 0]);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        _folder.Gzip("t10k-images-idx3-ubyte.gz", [.. Header(0x803, 500, 2000, 2000), 1, 2, 3]);
        Assert.Contains("cannot hold", Damage(), StringComparison.Ordinal);
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 100 << 20);
        _folder.Bytes("t10k-images-idx3-ubyte.gz", [0x1F, 0x8B, 8, 0, 1, 2, 3]);
        Assert.Contains("t10k-images-idx3-ubyte.gz", Damage(), StringComparison.Ordinal);
        var whole = _folder.Gzip("x.gz", [.. Header(0x803, 2, 2, 3), .. new byte[12]]).File("x.gz");
        _folder.Bytes("t10k-images-idx3-ubyte.gz", File.ReadAllBytes(whole)[..^12]);
        Assert.Contains("t10k-images-idx3-ubyte.gz", Damage(), StringComparison.Ordinal);
    }

    [Fact]
    public void Labels_that_do_not_fit_the_images_are_told()
    {
        _folder.Bytes("t10k-images-idx3-ubyte", [.. Header(0x803, 2, 1, 1), 1, 2]);
        Assert.Contains("no labels beside it", Refusal(), StringComparison.Ordinal);
        _folder.Bytes("t10k-labels-idx1-ubyte", [.. Header(0x801, 3), 1, 2, 3]);
        Assert.Contains("no IDX file of 2 labels", Damage(), StringComparison.Ordinal);
        _folder.Bytes("t10k-labels-idx1-ubyte", [.. Header(0x801, 2), 1]);
        Assert.Contains("t10k-labels-idx1-ubyte", Damage(), StringComparison.Ordinal);

        using var stl = new LayoutFolder();
        stl.Bytes("test_X.bin", new byte[2 * 27648]).Bytes("test_y.bin", 1);
        Assert.Contains("1 labels for 2 images", Assert.Throws<EvaluationDataException>(() => LabelledSources.Open(stl.Path)).Message, StringComparison.Ordinal);
        stl.Bytes("test_y.bin", 1, 0);
        Assert.Contains("The image 1 in", Assert.Throws<EvaluationDataException>(() => LabelledSources.Open(stl.Path)).Message, StringComparison.Ordinal);
    }

    private static byte[] Record(int labelBytes, int label, params (int Plane, int Place, byte Value)[] pixels)
    {
        var record = new byte[labelBytes + (3 * 1024)];
        record[labelBytes - 1] = (byte)label;
        foreach (var (plane, place, value) in pixels)
        {
            record[labelBytes + (plane * 1024) + place] = value;
        }

        return record;
    }

    private static byte[] Header(params int[] numbers)
    {
        var bytes = new byte[4 * numbers.Length];
        foreach (var (index, number) in numbers.Index())
        {
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(4 * index), number);
        }

        return bytes;
    }

    private string Damage() => Assert.Throws<EvaluationDataException>(() => LabelledSources.Open(_folder.Path)).Message;

    private string Refusal(LayoutOptions? options = null) => Assert.Throws<ConfigException>(() => LabelledSources.Open(_folder.Path, options)).Message;
}
