using System.Text;
using Flip.Conversion.Containers;
using Flip.Storage;

namespace Flip.Tests.Conversion.Containers;

/// <summary>Pickles that want more than to be read: each gets one error that says what it tried.</summary>
public sealed class TorchArchiveAttackTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Path => _folder.File("model.pt");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("os", "system")]
    [InlineData("posix", "system")]
    [InlineData("subprocess", "Popen")]
    [InlineData("builtins", "eval")]
    [InlineData("__builtin__", "exec")]
    public void Names_that_run_programs_are_refused_wherever_they_are(string module, string name)
    {
        Refused(new PickleWriter().Global(module, name).Tuple("touch /tmp/x").Op((byte)'R').Stop(), $"'{module}.{name}', which runs programs");
        Refused(new PickleWriter(4).Text(module).Text(name).Op(0x93).Tuple("touch /tmp/x").Op((byte)'R').Stop(), $"'{module}.{name}', which runs programs");
        Refused(
            PickleWriter.Write(new Dictionary<object, object?> { ["t"] = FourFloats, ["x"] = new PickledCall(module, name, ["touch /tmp/x"]) }),
            $"'{module}.{name}', which runs programs");
    }

    [Theory]
    [InlineData("torch", "load")]
    [InlineData("torch._utils", "_rebuild_qtensor")]
    [InlineData("collections", "OrderedDict.fromkeys")]
    [InlineData("__torch__evil", "x")]
    [InlineData("numpy.core.multiarray", "_reconstruct")]
    public void Any_other_name_makes_an_object_that_is_nothing_but_passed_over(string module, string name)
    {
        Refused(new PickleWriter().Global(module, name).Tuple("touch /tmp/x").Op((byte)'R').Stop(), $"no tensors, but objects such as one of '{module}.{name}'");
        Refused(new PickleWriter(4).Text(module).Text(name).Op(0x93).Tuple("touch /tmp/x").Op((byte)'R').Stop(), $"'{module}.{name}'");
        var root = new Dictionary<object, object?> { ["t"] = FourFloats, ["x"] = new PickledCall(module, name, ["a"]) };
        Assert.Equal(["t"], Opened(PickleWriter.Write(root), archive => archive.Names));
    }

    [Fact]
    public void A_tensor_inside_an_object_is_refused_where_it_is_wanted()
    {
        var root = new Dictionary<object, object?>
        {
            ["t"] = FourFloats,
            ["call"] = new PickledCall("my.train", "Weights", [new List<object?> { new Dictionary<object, object?> { ["w"] = FourFloats } }]),
            ["state"] = new PickledModule("torch.distributed.tensor.DTensor", new() { ["_local_tensor"] = FourFloats }),
        };
        Refused(PickleWriter.Write(root), "call", "inside an object of 'my.train.Weights'");
        Refused(PickleWriter.Write(root), "state", "gather the full state dict");
        Assert.Equal(["t", "call", "state"], Opened(PickleWriter.Write(root), archive => archive.Names));
    }

    [Fact]
    public void Opcodes_that_no_file_of_weights_needs_are_refused()
    {
        // INST, OBJ, EXT1, PERSID, INT, STRING, NEXT_BUFFER and whatever else.
        byte[] known =
        [
            .. "(})].NJKMGXBCTUqrhjtldaesucQRb012"u8, 0x80, 0x81, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f,
            0x90, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96,
        ];
        foreach (var code in Enumerable.Range(0, 256).Select(code => (byte)code).Except(known))
        {
            Refused(new PickleWriter().Op(code).Op(new byte[16]).Stop(), $"opcode 0x{code:x2}");
        }
    }

    [Fact]
    public void Calls_and_attributes_have_one_form()
    {
        Refused(new PickleWriter().Text("print").Tuple("x").Op((byte)'R').Stop(), "a call of something that is no name");
        Refused(new PickleWriter().Global("torch._utils", "_rebuild_tensor_v2").Tuple(5).Op((byte)'R').Stop(), "'torch._utils._rebuild_tensor_v2' with arguments");
        Refused(new PickleWriter().Text("x").Op((byte)'}', (byte)'b').Stop(), "attributes for something that has none");
        Refused(new PickleWriter().Global("torch", "FloatStorage").Op((byte)'}', (byte)'b').Stop(), "attributes for something that has none");
        Refused(new PickleWriter().Tuple("module", "x").Op((byte)'Q').Stop(), "no storage");
        Refused(new PickleWriter().Tuple(1).Value(2).Op((byte)'a').Stop(), "no list");
        Refused(new PickleWriter().Text("a").Value(1).Value(2).Op((byte)'s').Stop(), "no dictionary");
        Refused(new PickleWriter().Op((byte)'}', (byte)'(').Value(1).Op((byte)'u').Stop(), "no dictionary");
        Refused(new PickleWriter().Text(new string('m', 600)).Text("n").Op(0x93).Stop(), "a name of 601 characters");
    }

    [Fact]
    public void Damaged_pickles_are_refused()
    {
        Refused([], "ends too early");
        Refused(new PickleWriter().Op((byte)'}').Stop()[..^1], "ends too early");
        Refused(new PickleWriter().Op((byte)'X', 0xff, 0xff, 0xff, 0xff).Stop(), "ends too early");
        Refused(new PickleWriter().Op((byte)'X', 0xff, 0xff, 0xff, 0x7f).Stop(), "ends too early");
        Refused(new PickleWriter().Op((byte)'X', 2, 0, 0, 0, 0xc3, 0x28).Stop(), "no UTF-8");
        Refused(new PickleWriter().Op((byte)'h', 3).Stop(), "never remembered");
        Refused(new PickleWriter().Op((byte)'t').Stop(), "mark is missing");
        Refused(new PickleWriter().Op((byte)'N', (byte)'(', 0x85).Stop(), "too few values");
        Refused(new PickleWriter().Op((byte)'N', (byte)'N').Stop(), "values left over");
        Refused(new PickleWriter().Op((byte)'q', 0).Stop(), "nothing to remember");
        Refused(new PickleWriter(6).Op((byte)'}').Stop(), "protocol");
        Refused(new PickleWriter().Op((byte)'0').Stop(), "too few values");
        Refused(new PickleWriter().Op((byte)'1').Stop(), "mark is missing");
        Refused(new PickleWriter().Op((byte)'2').Stop(), "nothing to repeat");
        Refused(new PickleWriter().Op(0x8e, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff).Stop(), "ends too early");
        Refused(new PickleWriter().Value(3).Stop(), "no tensors");
        Refused(new PickleWriter().Op((byte)'}').Stop(), "no tensors");
        Refused(new PickleWriter().Op((byte)'c').Op(Encoding.ASCII.GetBytes("torch")).Stop(), "ends too early");
    }

    [Fact]
    public void Nesting_without_end_is_refused()
    {
        // 100 000 lists within one another: the machine must not recurse, and names have a depth.
        var deep = new PickleWriter().Op((byte)'}').Text("x");
        for (var i = 0; i < 100_000; i++)
        {
            deep.Op((byte)']');
        }

        for (var i = 0; i < 99_999; i++)
        {
            deep.Op((byte)'a');
        }

        Refused(deep.Op((byte)'s').Stop(), "more than 64 deep");

        // A list that holds itself, and an object.
        Refused(new PickleWriter().Op((byte)'}').Text("x").Op((byte)']', (byte)'q', 0, (byte)'h', 0, (byte)'a', (byte)'s').Stop(), "no tensors");
        Refused(new PickleWriter().Global("m", "C").Op((byte)')', 0x81, (byte)'q', 1, (byte)'}').Text("self").Op((byte)'h', 1, (byte)'s', (byte)'b').Stop(), "'m.C'");

        // 50 tuples, each of the one before twice: 2^50 leaves.
        var bomb = new PickleWriter().Op((byte)'}').Text("x").Op((byte)')', (byte)'q', 0);
        for (var i = 0; i < 50; i++)
        {
            bomb.Op((byte)'h', 0, 0x86, (byte)'q', 0);
        }

        Refused(bomb.Op((byte)'s').Stop(), "without end");
    }

    [Fact]
    public void A_value_named_again_and_again_takes_no_memory()
    {
        // One name of 20 000 letters nested in itself gives 60 levels of long names for each tensor.
        var nested = new PickleWriter().Op((byte)'}').Text(new string('n', 20_000)).Op((byte)'q', 200);
        for (var i = 0; i < 40; i++)
        {
            nested.Op((byte)'}', (byte)'h', 200);
        }

        nested.Op((byte)'(');
        for (var i = 0; i < 200; i++)
        {
            nested.Tensor(FourFloats);
        }

        nested.Op((byte)'t');
        for (var i = 0; i < 41; i++)
        {
            nested.Op((byte)'s');
        }

        Refused(nested.Stop(), "far longer than the file");
    }

    [Theory]
    [InlineData("]")]
    [InlineData("}")]
    [InlineData(")")]
    [InlineData("N")]
    [InlineData("(")]
    [InlineData("(t")]
    [InlineData("Kx")]
    [InlineData("}(Kx]u")]
    [InlineData("]N\x85")]
    [InlineData("N\x94")]
    [InlineData("]q\0(NNNe")]
    [InlineData("cm\nC\n)R")]
    [InlineData("cm\nC\n)\x81}b")]
    [InlineData("cm\nC\n)RNa")]
    [InlineData("cm\nC\n")]
    [InlineData("C\0")]
    [InlineData("N2")]
    public void Values_take_a_bounded_number_of_bytes_for_each_of_the_pickle(string repeated)
    {
        var unit = Encoding.Latin1.GetBytes(repeated);
        var pickle = new PickleWriter(4).Op([.. Enumerable.Repeat(unit, (1 << 20) / unit.Length).SelectMany(bytes => bytes)]).Stop();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<CheckpointFormatException>(() => PickleMachine.Load(new PickleBytes("x", pickle)));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100L * pickle.Length);
    }

    [Theory]
    [InlineData(10, 0, new long[] { 3 }, new long[] { 1 }, "says 10 elements of F32, the record has 16 bytes")]
    [InlineData(3, 0, new long[] { 3 }, new long[] { 1 }, "says 3 elements of F32, the record has 16 bytes")]
    [InlineData(long.MaxValue, 0, new long[] { 3 }, new long[] { 1 }, "the record has 16 bytes")]
    [InlineData(-4, 0, new long[] { 3 }, new long[] { 1 }, "has only -4 elements")]
    [InlineData(4, 2, new long[] { 3 }, new long[] { 1 }, "do not lie within storage")]
    [InlineData(4, -1, new long[] { 3 }, new long[] { 1 }, "do not lie within storage")]
    [InlineData(4, 5, new long[] { 1 }, new long[] { 1 }, "do not lie within storage")]
    [InlineData(4, long.MaxValue, new long[] { 2 }, new long[] { 1 }, "do not lie within storage")]
    [InlineData(4, 3, new long[] { 3 }, new long[] { -1 }, "do not lie within storage")]
    [InlineData(4, 0, new long[] { 2, 2 }, new long[] { long.MaxValue, long.MaxValue }, "do not lie within storage")]
    [InlineData(4, 0, new long[] { -3 }, new long[] { 1 }, "do not lie within storage")]
    [InlineData(4, 0, new long[] { 2, 2 }, new long[] { 1 }, "not those of a tensor")]
    [InlineData(4, 0, new long[] { 1L << 40 }, new long[] { 0 }, "has only 4 elements")]
    [InlineData(4, 0, new long[] { 1L << 40, 1L << 40 }, new long[] { 0, 0 }, "do not lie within storage")]
    [InlineData(4, 0, new long[] { 0, 1L << 62, 1L << 62 }, new long[] { 1, 1, 1 }, "do not lie within storage")]
    public void Views_that_lie_about_their_storage_are_refused(long count, long offset, long[] shape, long[] strides, string expected) =>
        Refused(
            PickleWriter.Write(new Dictionary<object, object?> { ["t"] = new PickledTensor("FloatStorage", "0", count, offset, shape, strides) }),
            "t",
            expected);

    [Fact]
    public void Storages_outside_the_archive_or_of_other_kinds_are_refused()
    {
        PickledTensor Of(string type, string key, object? metadata = null) => new(type, key, 4, 0, [4], [1], false, metadata);
        Refused(Only(Of("FloatStorage", "../../etc/passwd")), "t", "lacks its storage '../../etc/passwd'");
        Refused(Only(Of("FloatStorage", "1")), "t", "lacks its storage '1'");
        Refused(Only(Of("QUInt8Storage", "0")), "t", "'torch.QUInt8Storage', which is not read");
        Refused(Only(Of("FloatStorage", "0", new Dictionary<object, object?> { ["neg"] = true })), "t", "marks such as 'neg'");
        Refused(Only(Of("FloatStorage", "0") with { Shape = [.. Enumerable.Repeat(1L, 65)], Strides = new long[65] }), "t", "not those of a tensor");
        Refused(Only(Of("FloatStorage", "0") with { Strides = [1, 1] }), "t", "not those of a tensor");

        static byte[] Only(PickledTensor tensor) => PickleWriter.Write(new Dictionary<object, object?> { ["t"] = tensor });
    }

    [Fact]
    public void Two_tensors_of_one_name_are_refused()
    {
        var inner = new Dictionary<object, object?> { ["b"] = FourFloats };
        Refused(PickleWriter.Write(new Dictionary<object, object?> { ["a.b"] = FourFloats, ["a"] = inner }), "a.b", "the file holds two tensors of this name");
    }

    [Fact]
    public void A_bool_of_other_bits_is_refused()
    {
        var pickle = PickleWriter.Write(new Dictionary<object, object?> { ["t"] = new PickledTensor("BoolStorage", "0", 3, 0, [3], [1]) });
        TorchFile.Write(Path, pickle, [("0", [0, 1, 2])]);
        using var archive = new TorchArchive(Path);
        Assert.Contains("neither 0 nor 1", Assert.Throws<CheckpointFormatException>(() => archive.ReadTensor("t")).Message, StringComparison.Ordinal);
    }

    private static PickledTensor FourFloats => new("FloatStorage", "0", 4, 0, [4], [1]);

    private void Refused(byte[] pickle, string expected)
    {
        TorchFile.Write(Path, pickle, [("0", new byte[16])]);
        var error = Assert.Throws<CheckpointFormatException>(() => new TorchArchive(Path));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("model.pt", error.Message, StringComparison.Ordinal);
    }

    /// <summary>The file opens, since what is wrong is one tensor; that one is neither described nor read.</summary>
    private void Refused(byte[] pickle, string tensor, string expected)
    {
        var messages = Opened(pickle, archive => new[]
        {
            Assert.Throws<CheckpointFormatException>(() => archive.Describe(tensor)).Message,
            Assert.Throws<CheckpointFormatException>(() => archive.ReadTensor(tensor)).Message,
        });
        Assert.All(messages, message => Assert.Contains(expected, message, StringComparison.Ordinal));
        Assert.All(messages, message => Assert.Contains($"model.pt: tensor '{tensor}'", message, StringComparison.Ordinal));
    }

    private T Opened<T>(byte[] pickle, Func<TorchArchive, T> use)
    {
        TorchFile.Write(Path, pickle, [("0", new byte[16])]);
        using var archive = new TorchArchive(Path);
        return use(archive);
    }
}
