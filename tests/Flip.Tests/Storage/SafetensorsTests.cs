using System.Buffers.Binary;
using System.Text;
using Flip.Randomness;
using Flip.Storage;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Storage;

public sealed class SafetensorsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Data_that_is_made_while_it_is_written_is_read_back()
    {
        var path = _folder.File("x.safetensors");
        float[] values = [1, -2.5f, float.MaxValue];
        SafetensorsWriter.Write(
            path,
            [
                (new TensorDescription("bytes", "U8", [2]), stream => stream.Write([7, 8])),
                (new TensorDescription("floats", "F32", [3, 1]), stream => Array.ForEach(values, value => stream.Write(BitConverter.GetBytes(value)))),
            ]);
        using var reader = new SafetensorsReader(path);
        Assert.Equal(["floats", "bytes"], reader.Names); // wide types first
        Assert.Equal(values, reader.ReadFloats("floats"));
        Assert.Equal([7f, 8f], reader.ReadFloats("bytes"));
        foreach (var length in (int[])[1, 3])
        {
            Assert.Throws<InvalidOperationException>(() => SafetensorsWriter.Write(
                path, [(new TensorDescription("bytes", "U8", [2]), stream => stream.Write(new byte[length]))]));
        }

        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(path, [(new TensorDescription("x", "F99", [2]), _ => { })]));
        Assert.Equal([7f, 8f], reader.ReadFloats("bytes"));
        Assert.Single(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Every_type_and_shape_comes_back_as_it_was()
    {
        var tensors = new (string, Tensor)[]
        {
            ("bool", tensor(new[] { true, false, true })),
            ("u8", tensor(new byte[] { 0, 255, 7 })),
            ("i8", tensor(new sbyte[] { -128, 127 })),
            ("i16", tensor(new short[] { -3, 4 })),
            ("i32", tensor(new[] { int.MinValue, 5 })),
            ("i64", tensor(new[] { long.MinValue, 6L })),
            ("f16", randn(2, 3).to(ScalarType.Float16)),
            ("bf16", randn(3, 2).to(ScalarType.BFloat16)),
            ("f32", randn(2, 3, 4)),
            ("f64", randn(5, ScalarType.Float64)),
            ("scalar", tensor(1.5f)),
            ("empty", zeros(0, 4)),
            ("transposed", randn(4, 3).t()),
            ("grad", randn(2).requires_grad_()),
            ("name with \"quotes\" and ä/ö", ones(1)),
        };
        var path = _folder.File("sub/x.safetensors");
        SafetensorsWriter.Write(path, tensors, new Dictionary<string, string> { ["format"] = "pt", ["é"] = "\n" });

        using var reader = new SafetensorsReader(path);
        Assert.Equal(tensors.Length, reader.Names.Count);
        Assert.Equal("\n", reader.Metadata["é"]);
        foreach (var (name, expected) in tensors)
        {
            var actual = reader.ReadTensor(name);
            Assert.Equal(expected.dtype, actual.dtype);
            Assert.Equal(expected.shape, actual.shape);
            Assert.Equal(expected.shape, reader.Describe(name).Shape);
            Assert.True(expected.equal(actual).all().item<bool>(), name);
        }

        Assert.Equal([1f, 0f, 1f], reader.ReadFloats("bool"));
        Assert.Equal([path], Directory.GetFiles(Path.GetDirectoryName(path)!));
    }

    [Fact]
    public void Data_is_aligned_for_its_type()
    {
        var path = _folder.File("x.safetensors");
        SafetensorsWriter.Write(path, [("byte", ones(3, ScalarType.Byte)), ("double", ones(3, ScalarType.Float64)), ("half", ones(1, ScalarType.Float16))]);
        using var reader = new SafetensorsReader(path);
        Assert.Equal(0, ((SafetensorsEntry)reader.Describe("double")).Offset % 8);
        Assert.Equal(0, ((SafetensorsEntry)reader.Describe("half")).Offset % 2);
    }

    [Fact]
    public void A_tensor_longer_than_one_read_comes_back()
    {
        var count = SafetensorsReader.ElementsAtOnce + 3;
        var expected = arange(count, ScalarType.Int64).remainder(251).to(ScalarType.Byte);
        var path = _folder.File("long.safetensors");
        SafetensorsWriter.Write(path, [("x", expected)]);
        using var reader = new SafetensorsReader(path);
        Assert.True(expected.equal(reader.ReadTensor("x")).all().item<bool>());
    }

    [Fact]
    public void A_file_of_the_reference_implementation_is_read()
    {
        using var reader = new SafetensorsReader(SharedData.Require("parity/flip-tiny/outputs.safetensors"));
        foreach (var name in reader.Names)
        {
            var values = reader.ReadFloats(name);
            Assert.Equal(reader.Describe(name).Count, values.Length);
            Assert.All(values, value => Assert.True(float.IsFinite(value)));
        }
    }

    [Fact]
    public void What_cannot_be_written_is_refused_and_leaves_the_old_file()
    {
        var path = _folder.File("x.safetensors");
        SafetensorsWriter.Write(path, [("x", ones(2))]);
        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(path, [("a", ones(1)), ("a", ones(1))]));
        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(path, [("__metadata__", ones(1))]));
        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(path, [("c", ones(1, ScalarType.ComplexFloat64))]));
        using var reader = new SafetensorsReader(path);
        Assert.Equal(["x"], reader.Names);
        Assert.Single(Directory.GetFiles(_folder.Path));
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8, "valid JSON")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "'b': its data overlaps")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "'a': its data leaves a gap")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 9, "1 bytes at the end")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 7, "'a': data_offsets [0, 8] lie outside the 7 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8, "shape [3] of F32")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904,4611686018427387904,0],"data_offsets":[0,0]}}""", 0, "shape [")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", 8, "must give it dtype, shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", 8, "data_offsets [8, 0]")]
    [InlineData("""{"a":{"dtype":"Q4","shape":[2],"data_offsets":[0,8]}}""", 8, "unknown dtype 'Q4'")]
    [InlineData("""{"__metadata__":[1]}""", 0, "__metadata__")]
    [InlineData("""{"__metadata__":"pt"}""", 0, "__metadata__")]
    [InlineData("""[1]""", 0, "no JSON object")]
    [InlineData("""{"a":""", 0, "valid JSON")]
    public void A_header_that_contradicts_itself_is_refused(string json, int dataLength, string expected)
    {
        var header = Encoding.UTF8.GetBytes(json);
        var error = Assert.Throws<CheckpointFormatException>(() => new SafetensorsReader(WriteRaw(header.Length, header, dataLength)));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("raw.safetensors", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("null", "")]
    [InlineData("{}", "")]
    [InlineData("""{"format":"pt"}""", "format=pt")]
    [InlineData("""{"format":"pt","step":3,"none":null,"deep":{"a":[{"b":{"c":{"d":[[1]]}}}]}}""",
        """format=pt step=3 none=null deep={"a":[{"b":{"c":{"d":[[1]]}}}]}""")]
    public void Metadata_that_is_no_text_costs_no_weights(string metadata, string expected)
    {
        var header = Encoding.UTF8.GetBytes("""{"__metadata__":""" + metadata + ""","a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""");
        using var reader = new SafetensorsReader(WriteRaw(header.Length, header, 8));
        Assert.Equal([0f, 0f], reader.ReadFloats("a"));
        Assert.Equal(expected, string.Join(' ', reader.Metadata.Select(pair => $"{pair.Key}={pair.Value}")));
    }

    [Fact]
    public void A_header_length_beyond_the_file_is_refused()
    {
        Assert.Throws<CheckpointFormatException>(() => new SafetensorsReader(WriteRaw(-1, [1, 2, 3], 0)));
        Assert.Throws<CheckpointFormatException>(() => new SafetensorsReader(WriteRaw(1 << 20, [1, 2, 3], 0)));
        File.WriteAllBytes(_folder.File("short"), [1, 2, 3]);
        Assert.Throws<CheckpointFormatException>(() => new SafetensorsReader(_folder.File("short")));
    }

    [Fact]
    public void A_type_that_libtorch_lacks_is_an_error_of_its_tensor_alone()
    {
        var header = """{"a":{"dtype":"U32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"""u8.ToArray();
        using var reader = new SafetensorsReader(WriteRaw(header.Length, header, 8));
        Assert.Equal([0f], reader.ReadFloats("b"));
        Assert.Contains("'a'", Assert.Throws<CheckpointFormatException>(() => reader.ReadTensor("a")).Message, StringComparison.Ordinal);
        Assert.Contains("'zzz'", Assert.Throws<CheckpointFormatException>(() => reader.ReadTensor("zzz")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_files_never_do_worse_than_the_format_error()
    {
        var path = _folder.File("whole.safetensors");
        SafetensorsWriter.Write(path, [("a", randn(3, 2)), ("b", ones(4, ScalarType.Bool)), ("c", ones(2, ScalarType.BFloat16))]);
        var whole = File.ReadAllBytes(path);
        var refused = 0;
        const int Files = 3000;
        for (var i = 0; i < Files; i++)
        {
            File.WriteAllBytes(path, Damage(whole, i));
            try
            {
                using var scope = NewDisposeScope();
                using var reader = new SafetensorsReader(path);
                foreach (var name in reader.Names)
                {
                    Assert.Equal(reader.Describe(name).Count, reader.ReadTensor(name).numel());
                }
            }
            catch (CheckpointFormatException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, Files / 2, Files - 1);
    }

    private static byte[] Damage(byte[] whole, int item)
    {
        var random = new CounterRandom(11, RandomPurpose.Evaluation, 0, item);
        var bytes = whole.ToArray();
        for (var changes = 1 + random.NextInt(4); changes > 0; changes--)
        {
            // Half of the changes write what JSON is made of, so that many headers still parse.
            var value = random.NextInt(2) == 0 ? (byte)random.NextInt(256) : "0123456789[]{},:\""u8[random.NextInt(17)];
            bytes[random.NextInt(bytes.Length)] = value;
        }

        return random.NextInt(8) == 0 ? bytes[..random.NextInt(bytes.Length)] : bytes;
    }

    private string WriteRaw(long headerLength, byte[] header, int dataLength)
    {
        var bytes = new byte[8 + header.Length + dataLength];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, headerLength);
        header.CopyTo(bytes, 8);
        var path = _folder.File("raw.safetensors");
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
