using System.Text.Json;
using Flip.Conversion.Containers;
using Flip.Storage;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Conversion.Containers;

public sealed class ShardedWeightsTests : IDisposable
{
    private const string First = "model-00001-of-00002.safetensors";
    private const string Second = "model-00002-of-00002.safetensors";

    private readonly TemporaryFolder _folder = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    public ShardedWeightsTests()
    {
        SafetensorsWriter.Write(_folder.File(First), [("a", arange(3)), ("b", zeros(2, 2))]);
        SafetensorsWriter.Write(_folder.File(Second), [("c", ones(4, ScalarType.BFloat16))]);
    }

    private string Index => _folder.File("model.safetensors.index.json");

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Several_files_are_one_source()
    {
        WriteIndex(new() { ["c"] = Second, ["a"] = First, ["b"] = First });
        using var source = ShardedWeights.OfIndex(Index);
        Assert.Equal(["c", "a", "b"], source.Names);
        Assert.Equal(Index, source.Path);
        AssertContent(source);
        Assert.Throws<CheckpointFormatException>(() => source.Describe("d"));
    }

    [Fact]
    public void Files_of_PyTorch_are_one_source_by_their_index()
    {
        const string First = "pytorch_model-00001-of-00002.bin";
        const string Second = "pytorch_model-00002-of-00002.bin";
        TorchFile.Save(_folder.File(First), [("a", arange(3)), ("b", zeros(2, 2))]);
        TorchFile.Save(_folder.File(Second), [("c", ones(4, ScalarType.BFloat16))]);
        var index = _folder.File("pytorch_model.bin.index.json");
        File.WriteAllText(index, JsonSerializer.Serialize(new { metadata = new { }, weight_map = new { a = First, b = First, c = Second } }));
        using var source = ShardedWeights.OfIndex(index);
        AssertContent(source);
    }

    [Theory]
    [InlineData("")]
    [InlineData(First)]
    [InlineData(Second)]
    public void Without_an_index_the_numbers_say_which_files_there_are(string named)
    {
        using var source = TensorSources.Open(_folder.File(named));
        Assert.Equal(["a", "b", "c"], source.Names);
        AssertContent(source);
    }

    [Fact]
    public void Of_numbered_files_each_missing_one_is_named()
    {
        File.Move(_folder.File(First), _folder.File("model-00001-of-00004.safetensors"));
        var error = Assert.Throws<CheckpointFormatException>(() => TensorSources.Open(_folder.File("model-00001-of-00004.safetensors")));
        Assert.Contains(
            "files of 4 are missing: model-00002-of-00004.safetensors, model-00003-of-00004.safetensors, model-00004-of-00004.safetensors",
            error.Message,
            StringComparison.Ordinal);
        Assert.Contains("several numbered sets", Assert.Throws<CheckpointFormatException>(() => TensorSources.Open(_folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Numbered_files_that_hold_one_tensor_twice_are_refused()
    {
        SafetensorsWriter.Write(_folder.File(Second), [("a", arange(3))]);
        var error = Assert.Throws<CheckpointFormatException>(() => TensorSources.Open(_folder.Path));
        Assert.Contains("in more than one file: a", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_disagreements_of_index_and_files_are_listed()
    {
        SafetensorsWriter.Write(_folder.File(Second), [("c", ones(4)), ("a", arange(3)), ("extra", ones(1))]);
        WriteIndex(new() { ["a"] = First, ["b"] = Second, ["c"] = Second, ["lost"] = First });
        Refused("not in the files that the index names: b, lost", "in more than one file: a", "in a file but not in the index: extra");
        WriteIndex(Enumerable.Range(0, 9).ToDictionary(i => $"n{i}", _ => First));
        Refused("n0, n1, n2, n3, n4 and 4 more");
        WriteIndex(new() { ["a"] = First, ["b"] = "x.safetensors", ["c"] = "y.safetensors" });
        Refused("files of the index are missing: x.safetensors, y.safetensors");
    }

    [Theory]
    [InlineData("../x.safetensors")]
    [InlineData("/etc/passwd")]
    [InlineData("sub/../../x.safetensors")]
    [InlineData("..\\x.safetensors")]
    [InlineData("")]
    public void Files_outside_the_folder_are_not_opened(string file)
    {
        WriteIndex(new() { ["a"] = file });
        Refused("may lead out of the index's folder");
    }

    [Theory]
    [InlineData("", "no valid JSON")]
    [InlineData("[]", "no object 'weight_map'")]
    [InlineData("{}", "no object 'weight_map'")]
    [InlineData("""{"weight_map":{"a":1}}""", "no object 'weight_map'")]
    [InlineData("""{"weight_map":{"a":"x","a":"y"}}""", "no valid JSON")]
    [InlineData("""{"weight_map":{"\ud800":"x"}}""", "no valid JSON")]
    public void A_damaged_index_is_refused(string json, string expected)
    {
        File.WriteAllText(Index, json);
        Refused(expected);
    }

    private static void AssertContent(ITensorSource source)
    {
        TorchFile.AssertSame(arange(3), source, "a");
        TorchFile.AssertSame(zeros(2, 2), source, "b");
        TorchFile.AssertSame(ones(4, ScalarType.BFloat16), source, "c");
    }

    private void WriteIndex(Dictionary<string, string> map) =>
        File.WriteAllText(Index, JsonSerializer.Serialize(new { metadata = new { total_size = 1 }, weight_map = map }));

    private void Refused(params string[] expected)
    {
        var error = Assert.Throws<CheckpointFormatException>(() => ShardedWeights.OfIndex(Index));
        Assert.All(expected, part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
        Assert.StartsWith(Index, error.Message, StringComparison.Ordinal);
    }
}
