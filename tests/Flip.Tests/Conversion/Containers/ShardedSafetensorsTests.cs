using System.Text.Json;
using Flip.Conversion.Containers;
using Flip.Io;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Conversion.Containers;

public sealed class ShardedSafetensorsTests : IDisposable
{
    private const string First = "model-00001-of-00002.safetensors";
    private const string Second = "model-00002-of-00002.safetensors";

    private readonly TemporaryFolder _folder = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    public ShardedSafetensorsTests()
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
        foreach (var path in new[] { Index, _folder.Path })
        {
            using var source = new ShardedSafetensors(path);
            Assert.Equal(["c", "a", "b"], source.Names);
            Assert.Equal(Index, source.Path);
            TorchFile.AssertSame(arange(3), source, "a");
            TorchFile.AssertSame(zeros(2, 2), source, "b");
            TorchFile.AssertSame(ones(4, ScalarType.BFloat16), source, "c");
            Assert.Throws<CheckpointFormatException>(() => source.Describe("d"));
        }
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

    [Fact]
    public void A_folder_must_hold_one_index()
    {
        Assert.Contains("no index", Assert.Throws<CheckpointFormatException>(() => new ShardedSafetensors(_folder.Path)).Message, StringComparison.Ordinal);
        WriteIndex([]);
        File.Copy(Index, _folder.File("b.safetensors.index.json"));
        Assert.Contains("2 indexes", Assert.Throws<CheckpointFormatException>(() => new ShardedSafetensors(_folder.Path)).Message, StringComparison.Ordinal);
    }

    private void WriteIndex(Dictionary<string, string> map) =>
        File.WriteAllText(Index, JsonSerializer.Serialize(new { metadata = new { total_size = 1 }, weight_map = map }));

    private void Refused(params string[] expected)
    {
        var error = Assert.Throws<CheckpointFormatException>(() => new ShardedSafetensors(Index));
        Assert.All(expected, part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
        Assert.StartsWith(Index, error.Message, StringComparison.Ordinal);
    }
}
