using System.Text.Json.Nodes;
using Flip.Config;
using Flip.Io;
using Flip.Models;
using Flip.Optim;
using Flip.Storage;
using Flip.Training;

namespace Flip.Tests.Training;

/// <summary>A checkpoint of which a byte is not as it was written is never taken; the one before it is.</summary>
public sealed class CheckpointDamageTests : IDisposable
{
    private static readonly string[] Files = ["model.safetensors", "optimizer.safetensors", "average.safetensors", "state.json", "manifest.json"];

    private readonly TemporaryFolder _folder = TemporaryFolder.InMemory();
    private readonly List<string> _said = [];
    private readonly FlipModel _model = TinyRun.Model(TinyRun.Config);
    private readonly AdamW _optimizer;
    private readonly WeightEma _average;

    public CheckpointDamageTests()
    {
        _optimizer = new AdamW(_model.Parameters, new AdamWOptions(0.9, 0.95, 1e-8, 0.2));
        _average = new WeightEma(_model.Parameters, 0.9);
        Older = Save(8);
        Newer = Save(16);
    }

    public static TheoryData<string, double> Places =>
        [.. Files.SelectMany(_ => (double[])[0, 0.001, 0.3, 0.5, 0.9, 1], (file, place) => new TheoryDataRow<string, double>(file, place))];

    private CheckpointStore Store => new(_folder.Path, 0);

    private string Older { get; }

    private string Newer { get; }

    public void Dispose()
    {
        _average.Dispose();
        _optimizer.Dispose();
        _model.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_whole_checkpoint_is_taken_in_silence_and_names_every_file()
    {
        Assert.Equal(Newer, Store.NewestWhole(_said.Add));
        Assert.Empty(_said);
        var listed = JsonNode.Parse(File.ReadAllText(Path.Combine(Newer, "manifest.json")))!["files"]!.AsObject().Select(file => file.Key);
        Assert.Equal(Files.Except(["manifest.json"]).Order(StringComparer.Ordinal), listed);
        Assert.Equal(Files.Order(StringComparer.Ordinal), Directory.GetFiles(Newer).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Places))]
    public void A_flipped_bit_is_found_wherever_it_is(string file, double place)
    {
        var path = Path.Combine(Newer, file);
        var bytes = File.ReadAllBytes(path);
        for (var bit = 0; bit < 8; bit++)
        {
            var changed = bytes.ToArray();
            changed[(int)((bytes.Length - 1) * place)] ^= (byte)(1 << bit);
            File.WriteAllBytes(path, changed);
            AssertPassedOver(file == FolderManifest.FileName ? "" : file); // a digit of a hash is the fault of the file that it is of
        }
    }

    [Fact]
    public void Every_bit_of_the_manifest_counts()
    {
        var path = Path.Combine(Newer, FolderManifest.FileName);
        var bytes = File.ReadAllBytes(path);
        for (var place = 0; place < bytes.Length * 8; place++)
        {
            var changed = bytes.ToArray();
            changed[place / 8] ^= (byte)(1 << (place % 8));
            File.WriteAllBytes(path, changed);
            Assert.NotNull(FolderManifest.Problem(Newer));
        }

        File.WriteAllBytes(path, bytes);
        Assert.Null(FolderManifest.Problem(Newer));
    }

    [Theory]
    [MemberData(nameof(Places))]
    public void A_file_that_is_cut_is_found(string file, double place)
    {
        var path = Path.Combine(Newer, file);
        var bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, bytes[..(int)((bytes.Length - 1) * place)]);
        AssertPassedOver(file);
    }

    [Theory]
    [InlineData("model.safetensors", "model.safetensors is missing")]
    [InlineData("optimizer.safetensors", "optimizer.safetensors is missing")]
    [InlineData("average.safetensors", "average.safetensors is missing")]
    [InlineData("state.json", "state.json is missing")]
    [InlineData("manifest.json", "manifest.json is missing")]
    public void A_file_that_is_gone_is_found(string file, string words)
    {
        File.Delete(Path.Combine(Newer, file));
        AssertPassedOver(words);
    }

    [Fact]
    public void A_file_of_another_checkpoint_is_found()
    {
        // Of the same length: only the hash tells.
        File.Copy(Path.Combine(Older, "state.json"), Path.Combine(Newer, "state.json"), overwrite: true);
        AssertPassedOver("state.json ");
    }

    [Fact]
    public void A_damaged_checkpoint_is_kept_under_another_name_each_time_it_happens()
    {
        File.AppendAllText(Path.Combine(Newer, "model.safetensors"), "x");
        Assert.Equal(Older, Store.NewestWhole(_said.Add));
        Assert.Matches("model.safetensors has [0-9,]+ bytes, and [0-9,]+ were written", _said.Single());
        Save(16);
        File.Delete(Path.Combine(Newer, "state.json"));
        Assert.Equal(Older, Store.NewestWhole(_said.Add));
        Assert.Equal(
            ["samples-0000000000008", "samples-0000000000016.damaged", "samples-0000000000016.damaged-2"],
            Directory.GetDirectories(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.True(File.Exists(Path.Combine(Newer + ".damaged", "state.json")));
    }

    [Fact]
    public void Without_a_whole_checkpoint_the_error_names_all_and_how_to_begin_again()
    {
        File.Delete(Path.Combine(Newer, "state.json"));
        File.WriteAllText(Path.Combine(Older, "model.safetensors"), "");
        for (var start = 0; start < 2; start++)
        {
            var error = Assert.Throws<CheckpointFormatException>(() => Store.NewestWhole(_said.Add)).Message;
            Assert.Contains($"{Newer}.damaged", error, StringComparison.Ordinal);
            Assert.Contains($"{Older}.damaged", error, StringComparison.Ordinal);
            Assert.EndsWith($"To begin the run again from its beginning, remove {_folder.Path}.", error, StringComparison.Ordinal);
        }

        Assert.Equal(2, _said.Count);
        Directory.Delete(Newer + ".damaged", recursive: true);
        Directory.Delete(Older + ".damaged", recursive: true);
        Assert.Null(Store.NewestWhole(_said.Add));
    }

    [Fact]
    public void A_checkpoint_of_an_earlier_version_is_taken_unverified_unless_it_is_cut()
    {
        foreach (var checkpoint in (string[])[Older, Newer])
        {
            File.Delete(Path.Combine(checkpoint, FolderManifest.FileName));
            var state = JsonNode.Parse(File.ReadAllText(Path.Combine(checkpoint, "state.json")))!.AsObject();
            Assert.True(state.Remove("format"));
            File.WriteAllText(Path.Combine(checkpoint, "state.json"), state.ToJsonString());
        }

        Assert.Equal(Newer, Store.NewestWhole(_said.Add));
        Assert.Contains("cannot be verified", _said.Single(), StringComparison.Ordinal);
        Assert.Equal(16, Load(Newer).Samples);

        var weights = File.ReadAllBytes(Path.Combine(Newer, "model.safetensors"));
        File.WriteAllBytes(Path.Combine(Newer, "model.safetensors"), weights[..^1]);
        Assert.Equal(Older, Store.NewestWhole(_said.Add));
        Assert.Contains("model.safetensors", _said[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Resuming_from_an_older_checkpoint_ends_with_the_weights_of_the_undisturbed_run()
    {
        var config = TinyRun.Config with { Train = TinyRun.Config.Train with { CheckpointEvery = Duration.OfSteps(2), WeightEma = 0.9 } };
        float[] whole = [], continued = [];
        TinyRun.Losses(config, _folder.File("a"), after: model => whole = model.Parameters.Master.data<float>().ToArray());
        var store = new CheckpointStore(_folder.File("a"), 0);
        Directory.Delete(store.Latest!, recursive: true);
        var newest = Path.Combine(store.Latest!, "optimizer.safetensors");
        var bytes = File.ReadAllBytes(newest);
        bytes[^1] ^= 1;
        File.WriteAllBytes(newest, bytes);

        var taken = store.NewestWhole(_said.Add);
        Assert.EndsWith("samples-0000000000032", taken, StringComparison.Ordinal);
        Assert.Contains("samples-0000000000048 is damaged and not used: optimizer.safetensors has other bytes than were written (SHA-256).", _said.Single(), StringComparison.Ordinal);
        TinyRun.Losses(config, _folder.File("a"), taken, model => continued = model.Parameters.Master.data<float>().ToArray());
        Assert.Equal(whole, continued);
        Assert.EndsWith("samples-0000000000064", store.NewestWhole(_said.Add), StringComparison.Ordinal);
    }

    private void AssertPassedOver(string words)
    {
        _said.Clear();
        Assert.Equal(Older, Store.NewestWhole(_said.Add));
        var said = Assert.Single(_said);
        Assert.StartsWith($"{Newer} is damaged and not used: ", said, StringComparison.Ordinal);
        Assert.Contains(words, said, StringComparison.Ordinal);
        Assert.EndsWith($"It is kept as {Newer}.damaged.", said, StringComparison.Ordinal);
        Directory.Move(Newer + ".damaged", Newer);
    }

    private string Save(long samples) =>
        Store.Save(new TrainState(samples, samples / 8, 1, 1000, new Dictionary<string, long>()), _model.Parameters, _optimizer.FirstMoment, _optimizer.SecondMoment, _average);

    private TrainState Load(string checkpoint) => CheckpointStore.Load(checkpoint, _model.Parameters, TinyRun.Config.Model, _optimizer.FirstMoment, _optimizer.SecondMoment, _average);
}
