using Flip.Conversion.Containers;
using Flip.Storage;
using TorchSharp;
using static TorchSharp.torch;
using Map = System.Collections.Generic.Dictionary<string, object?>;

namespace Flip.Tests.Conversion.Containers;

/// <summary>Indexes and folders that contradict themselves, ask for memory, or point elsewhere.</summary>
public sealed class FlaxCheckpointAttackTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Tensor _tensor = arange(20, ScalarType.Float32).view(4, 5);

    private string Checkpoint => _folder.File("c");

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("inside/../../outside")]
    [InlineData("/etc")]
    [InlineData("a//b")]
    [InlineData("./w")]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("C:\\w")]
    [InlineData("..\\outside")]
    [InlineData("w\0")]
    public void Folders_outside_the_checkpoint_are_not_opened(string path)
    {
        FlaxFiles.Zarr(_folder.File("outside"), _tensor, [4, 5]);
        Refused(new() { ["w"] = FlaxFiles.Spec(path, _tensor) }, "may lead out of the checkpoint");
        Refused(new() { ["w"] = $"PLACEHOLDER://{path}" }, "may lead out of the checkpoint");
    }

    [Theory]
    [InlineData("\"zarr_format\":2", "\"zarr_format\":3", "zarr_format is not 2")]
    [InlineData("[4,5]", "[4,6]", "the index gives it shape [4, 5], its folder [4, 6]")]
    [InlineData("\"chunks\":[2,3]", "\"chunks\":[0,3]", "'chunks' is no list of sizes")]
    [InlineData("\"chunks\":[2,3]", "\"chunks\":[2]", "are impossible")]
    [InlineData("\"chunks\":[2,3]", "\"chunks\":[2000000000,2000000000]", "are impossible")]
    [InlineData("\"chunks\":[2,3]", "\"chunks\":[200000,300]", "cannot be a chunk of 240000000")]
    [InlineData("\"chunks\":[2,3]", "\"chunks\":[1,3]", "chunks with 40 of its 80 bytes are missing")]
    [InlineData("\"chunks\":[2,3]", "\"chunks\":[2,4]", "damaged|goes on behind|missing")]
    [InlineData("\"id\":\"gzip\"", "\"id\":\"blosc\"", "packed by 'blosc'")]
    [InlineData("{\"id\":\"gzip\",\"level\":1}", "null", "cannot be a chunk of 24")]
    [InlineData("<f4", ">f4", "dtype '>f4'")]
    [InlineData("<f4", "<f8", "damaged")]
    [InlineData("\"order\":\"C\"", "\"order\":\"F\"", "row-major")]
    [InlineData("\"filters\":null", "\"filters\":[{\"id\":\"delta\"}]", "filters")]
    [InlineData("\"dimension_separator\":\".\"", "\"dimension_separator\":\"/\"", "names with dots")]
    [InlineData("\"fill_value\":null", "\"fill_value\":\"xyz\"", "fill_value")]
    [InlineData("\"zarr_format\":2", "\"zarr_format\":2,\"zarr_format\":2", "no valid JSON")]
    [InlineData("{\"chunks\"", "[{\"chunks\"", "no valid JSON")]
    public void Damaged_zarr_arrays_are_refused(string part, string with, string expected)
    {
        FlaxFiles.Zarr(Path.Combine(Checkpoint, "w"), _tensor, [2, 3]);
        var metadata = Path.Combine(Checkpoint, "w", ".zarray");
        File.WriteAllText(metadata, File.ReadAllText(metadata).Replace(part, with, StringComparison.Ordinal));
        Refused(new() { ["w"] = FlaxFiles.Spec("w", _tensor) }, expected);
    }

    [Fact]
    public void Chunks_that_are_missing_or_of_other_lengths_are_refused()
    {
        FlaxFiles.Zarr(Path.Combine(Checkpoint, "w"), _tensor, [2, 3], leaveOut: name => name == "1.0");
        Map root = new() { ["w"] = FlaxFiles.Spec("w", _tensor) };
        Refused(root, "chunks with 24 of its 80 bytes are missing");
        File.WriteAllBytes(Path.Combine(Checkpoint, "w", "1.0"), FlaxFiles.Gzip(new byte[25]));
        Refused(root, "goes on behind its 24 bytes");
        File.WriteAllBytes(Path.Combine(Checkpoint, "w", "1.0"), FlaxFiles.Gzip(new byte[23]));
        Refused(root, "damaged");
        File.WriteAllBytes(Path.Combine(Checkpoint, "w", "1.0"), FlaxFiles.Gzip(new byte[1 << 26]));
        Refused(root, "goes on behind its 24 bytes");
        File.WriteAllBytes(Path.Combine(Checkpoint, "w", "1.0"), new byte[24]);
        Refused(root, "damaged");
        File.Delete(Path.Combine(Checkpoint, "w", ".zarray"));
        Refused(root, "the file .zarray in it, is missing");
    }

    [Fact]
    public void A_fill_value_does_not_make_large_arrays_of_nothing()
    {
        FlaxFiles.Zarr(Path.Combine(Checkpoint, "w"), _tensor, [4, 5], fill: "0.0");
        var metadata = Path.Combine(Checkpoint, "w", ".zarray");
        File.WriteAllText(metadata, File.ReadAllText(metadata).Replace("\"shape\":[4,5]", "\"shape\":[4,50000000]", StringComparison.Ordinal));
        Refused(new() { ["w"] = "PLACEHOLDER://w" }, "bytes are missing");
    }

    [Fact]
    public void Inline_arrays_that_contradict_themselves_are_refused()
    {
        byte[] Array(object? shape, object? type, object? data) => FlaxFiles.MessagePack(new List<object?> { shape, type, data });
        Refused(new() { ["w"] = ((sbyte)1, Array(new List<object?> { 3 }, "float32", new byte[11])) }, "'w': shape [3] of F32 does not take the 11 bytes");
        Refused(new() { ["w"] = ((sbyte)1, Array(new List<object?> { 1 << 30, 1 << 30, 1 << 30 }, "float32", new byte[11])) }, "does not take the 11 bytes");
        Refused(new() { ["w"] = ((sbyte)1, Array(new List<object?> { -3 }, "float32", new byte[12])) }, "does not take");
        Refused(new() { ["w"] = ((sbyte)1, Array(new List<object?> { 3 }, "object", new byte[12])) }, "unknown type 'object'");
        Refused(new() { ["w"] = ((sbyte)1, Array("3", "float32", new byte[12])) }, "(shape, type, bytes)");
        Refused(new() { ["w"] = ((sbyte)1, Array(new List<object?> { 3 }, "float32", "twelve bytes")) }, "(shape, type, bytes)");
        Refused(new() { ["w"] = ((sbyte)1, (byte[])[.. Array(new List<object?> { 3 }, "float32", new byte[12]), 0xc0]) }, "more bytes follow");
        Refused(new() { ["w"] = ((sbyte)1, System.Array.Empty<byte>()) }, "ends within a value");
        Refused(new() { ["w"] = new Map { ["__msgpack_chunked_array__"] = true, ["shape"] = new Map { ["0"] = 3 } } }, "in pieces");
    }

    [Fact]
    public void Indexes_that_are_damaged_or_hold_no_parameters_are_refused()
    {
        RefusedBytes([], "has no bytes");
        RefusedBytes([0xc1], "begins no value");
        RefusedBytes([0x05], "no map of arrays");
        RefusedBytes([0x80], "no arrays");
        RefusedBytes([0x80, 0x80], "more bytes follow");
        RefusedBytes([0x81, 0xa1], "beyond the end");
        RefusedBytes([0x81, 0xa1, (byte)'w', 0xc6, 0x7f, 0xff, 0xff, 0xff], "beyond the end");
        RefusedBytes([0x81, 0xa1, (byte)'w', 0xc9, 0xff, 0xff, 0xff, 0xff, 1], "beyond the end");
        RefusedBytes([0xdf, 0xff, 0xff, 0xff, 0xff], "ends within a value");
        RefusedBytes([0x81, 0xa1, (byte)'w', 0xdd, 0xff, 0xff, 0xff, 0xff, 0xc0], "ends within a value");
        RefusedBytes([0x81, 0xa1, 0xff, 0xc0], "no UTF-8");
        RefusedBytes([0x81, 0xc0, 0xc0], "neither text nor a whole number");
        RefusedBytes([0x81, 0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc0], "neither text nor a whole number");
        RefusedBytes([0x81, 0xa1, (byte)'w', 0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "no arrays");
        RefusedBytes([0x82, 0xa1, (byte)'w', 0xc0, 0xa1, (byte)'w', 0xc0], "'w' is there twice");
        RefusedBytes([.. Enumerable.Repeat((byte)0x91, 100_000)], "more than 64 deep");
        RefusedBytes([0xdd, 0, 0x20, 0, 0, .. Enumerable.Repeat((byte)0xc0, 1 << 21)], "more than 1048576 values");
        RefusedBytes([0xdb, 0, 2, 0, 0, .. new byte[1 << 17]], "at most 65536");
        Refused(new() { ["optimizer"] = new Map { ["state"] = new Map() } }, "optimizer/target");
        Refused(new() { ["a"] = new Map { ["b"] = _tensor }, ["a/b"] = _tensor }, "'a/b': the checkpoint holds two tensors");
    }

    [Fact]
    public void Two_parameters_do_not_share_a_folder_and_other_stores_are_named()
    {
        FlaxFiles.Zarr(Path.Combine(Checkpoint, "w"), _tensor, [4, 5]);
        Refused(new() { ["a"] = "PLACEHOLDER://w", ["b"] = "PLACEHOLDER://w/" }, "'b': another parameter is in the same folder");
        Map spec = FlaxFiles.Spec("w", _tensor);
        spec["driver"] = "n5";
        Refused(new() { ["a"] = spec }, "driver 'n5'");
    }

    [Fact]
    public void A_folder_without_checkpoint_is_named()
    {
        var error = Assert.Throws<CheckpointFormatException>(() => new FlaxCheckpoint(_folder.Path));
        Assert.Contains(_folder.Path, error.Message, StringComparison.Ordinal);
        Assert.Throws<FileNotFoundException>(() => new FlaxCheckpoint(_folder.File("no")));
    }

    private void Refused(Map root, string expected) => RefusedBytes(FlaxFiles.MessagePack(root), expected);

    private void RefusedBytes(byte[] index, string expected)
    {
        Directory.CreateDirectory(Checkpoint);
        File.WriteAllBytes(Path.Combine(Checkpoint, "checkpoint"), index);
        var error = Assert.Throws<CheckpointFormatException>(() =>
        {
            using var checkpoint = new FlaxCheckpoint(Checkpoint);
            foreach (var name in checkpoint.Names)
            {
                checkpoint.ReadTensor(name);
            }
        });
        Assert.Matches(string.Join('|', expected.Split('|').Select(System.Text.RegularExpressions.Regex.Escape)), error.Message);
        Assert.StartsWith(Checkpoint, error.Message, StringComparison.Ordinal);
    }
}
