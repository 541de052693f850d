using Flip.Models;
using Flip.Optim;
using Flip.Storage;
using Flip.Training;
using static TorchSharp.torch;

namespace Flip.Tests.Training;

/// <summary>Checkpoints of a stranger, and entries that are none.</summary>
public sealed class CheckpointStoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FlipModel _model = TinyRun.Model(TinyRun.Config);
    private readonly AdamW _optimizer;

    public CheckpointStoreTests() => _optimizer = new AdamW(_model.Parameters, new AdamWOptions(0.9, 0.95, 1e-8, 0.2));

    public void Dispose()
    {
        _optimizer.Dispose();
        _model.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Only_folders_of_its_own_names_are_read_and_removed()
    {
        var store = new CheckpointStore(_folder.Path, 2);
        string[] others = ["samples-0000000000001.mine", "samples-1", "samples-000000000000x", "samples-00000000000001", "samples-0000000000009-backup", "notes.unfinished"];
        Array.ForEach(others, name => Directory.CreateDirectory(_folder.File(name)));
        foreach (var samples in (int[])[8, 16, 24])
        {
            Save(store, samples);
        }

        Assert.Equal(
            [.. others.Append("samples-0000000000016").Append("samples-0000000000024").Order(StringComparer.Ordinal)],
            Directory.GetDirectories(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.EndsWith("samples-0000000000024", store.Latest, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("samples-0000000000001")]
    [InlineData("samples-0000000000024.unfinished")]
    [InlineData("samples-0000000000024.0123456789abcdef.unfinished")]
    public void A_link_that_is_to_be_removed_is_removed_alone(string name)
    {
        using var bystander = new Bystander();
        var store = new CheckpointStore(_folder.Path, 2);
        Bystander.LinkTo(bystander.Path, _folder.File(name));
        foreach (var samples in (int[])[8, 16, 24])
        {
            Save(store, samples);
        }

        Assert.Equal(
            ["samples-0000000000016", "samples-0000000000024"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        bystander.AssertUntouched();
    }

    [Theory]
    [InlineData("""{"samples":-8,"steps":1,"seconds":1,"samplesPerEpoch":9,"badSamples":{}}""")]
    [InlineData("""{"samples":10000000000000,"steps":1,"seconds":1,"samplesPerEpoch":9,"badSamples":{}}""")]
    [InlineData("""{"samples":8,"steps":9,"seconds":1,"samplesPerEpoch":9,"badSamples":{}}""")]
    [InlineData("""{"samples":8,"steps":-1,"seconds":1,"samplesPerEpoch":9,"badSamples":{}}""")]
    [InlineData("""{"samples":8,"steps":1,"seconds":-1,"samplesPerEpoch":9,"badSamples":{}}""")]
    [InlineData("""{"samples":8,"steps":1,"seconds":1,"samplesPerEpoch":-9,"badSamples":{}}""")]
    [InlineData("""{"samples":8,"steps":1,"seconds":1,"samplesPerEpoch":9,"badSamples":{"a":-1}}""")]
    [InlineData("""{"samples":8,"steps":1,"seconds":1,"samplesPerEpoch":9}""")]
    [InlineData("""{"samples":8,"steps":1,"seconds":1,"samplesPerEpoch":9,"badSamples":{"x":9223372036854775807,"y":1}}""")]
    [InlineData("null")]
    public void A_state_that_no_training_has_is_refused(string json)
    {
        var checkpoint = Save(new CheckpointStore(_folder.Path, 0), 8);
        File.WriteAllText(Path.Combine(checkpoint, "state.json"), json);
        Assert.Contains("state.json: holds no training state", Refusal(checkpoint), StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(checkpoint, "state.json"), json + new string(' ', 1 << 20));
        Assert.Contains("at most 1,048,576 are read", Refusal(checkpoint), StringComparison.Ordinal);
    }

    [Fact]
    public void A_checkpoint_that_lacks_a_file_is_a_damaged_one()
    {
        var checkpoint = Save(new CheckpointStore(_folder.Path, 0), 8);
        File.Delete(Path.Combine(checkpoint, "optimizer.safetensors"));
        Assert.Contains("optimizer.safetensors", Refusal(checkpoint), StringComparison.Ordinal);
    }

    [Fact]
    public void Moments_and_averages_that_are_no_numbers_or_of_another_number_are_refused()
    {
        var checkpoint = Save(new CheckpointStore(_folder.Path, 0), 8);
        var count = _model.Parameters.All.Sum(parameter => parameter.Count); // without the zeros between
        Moments(zeros(count, ScalarType.Int64), "tensor 'firstMoment': is I64, expected floating-point numbers");
        Moments(full([count], float.NaN), "tensor 'firstMoment': has numbers that are NaN or infinite");
        Moments(zeros(1), $"tensor 'firstMoment': has 1 entries, and the model {count} parameters");
        Moments(zeros(count), null);

        // A single number in place of a weight's average would else be taken for all of them.
        var first = _model.Parameters.All[0];
        var average = Path.Combine(checkpoint, CheckpointFolder.AverageFile);
        SafetensorsWriter.Write(average, _model.Parameters.All.Select(p => (p.Name, p == first ? zeros(1) : p.Master)));
        using var ema = new WeightEma(_model.Parameters, 0.9);
        Assert.Contains($"tensor '{first.Name}'", Refusal(checkpoint, ema), StringComparison.Ordinal);

        void Moments(Tensor moment, string? problem)
        {
            SafetensorsWriter.Write(Path.Combine(checkpoint, "optimizer.safetensors"), [("firstMoment", moment), ("secondMoment", zeros(count))]);
            if (problem is not null)
            {
                Assert.Contains(problem, Refusal(checkpoint), StringComparison.Ordinal);
            }
            else
            {
                Load(checkpoint);
            }
        }
    }

    private string Save(CheckpointStore store, long samples) =>
        store.Save(new TrainState(samples, samples / 8, 1, 1000, new Dictionary<string, long>()), _model.Parameters, _optimizer.FirstMoment, _optimizer.SecondMoment, null);

    private TrainState Load(string checkpoint, WeightEma? ema = null) => CheckpointStore.Load(checkpoint, _model.Parameters, TinyRun.Config.Model, _optimizer.FirstMoment, _optimizer.SecondMoment, ema);

    private string Refusal(string checkpoint, WeightEma? ema = null) => Assert.Throws<CheckpointFormatException>(() => Load(checkpoint, ema)).Message;
}
