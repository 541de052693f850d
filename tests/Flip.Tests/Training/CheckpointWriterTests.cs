using Flip.Config;
using Flip.Models;
using Flip.Optim;
using Flip.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Training;

/// <summary>Checkpoints that are written while the training goes on.</summary>
public sealed class CheckpointWriterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TinyRun.Recorder _recorder = new();
    private readonly FlipModel _model = TinyRun.Model(TinyRun.Config);
    private readonly AdamW _optimizer;
    private readonly WeightEma _average;

    public CheckpointWriterTests()
    {
        _optimizer = new AdamW(_model.Parameters, new AdamWOptions(0.9, 0.95, 1e-8, 0.2));
        _average = new WeightEma(_model.Parameters, 0.9);
        using var noGrad = no_grad();
        _optimizer.FirstMoment.fill_(0.25f);
        _optimizer.SecondMoment.fill_(0.5f);
        _average.Average.fill_(2f);
    }

    public void Dispose()
    {
        _average.Dispose();
        _optimizer.Dispose();
        _model.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_written_beside_the_training_has_the_bytes_of_what_is_written_in_it(bool hasAverage)
    {
        var (front, back) = (new CheckpointStore(_folder.File("front"), 0), new CheckpointStore(_folder.File("back"), 0));
        var expected = front.Save(State(8), _model.Parameters, _optimizer.FirstMoment, _optimizer.SecondMoment, hasAverage ? _average : null);
        using var writer = Writer(back, hasAverage);
        writer.Begin(snapshot => snapshot.Fill(State(8), Whole));
        using (no_grad())
        {
            _model.Parameters.Master.zero_(); // the training goes on
            _optimizer.FirstMoment.zero_();
        }

        writer.Finish();
        Assert.Equal([back.Latest!], _recorder.Checkpoints);
        var files = Directory.GetFiles(expected).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(hasAverage ? 5 : 4, files.Count);
        Assert.Equal(files, Directory.GetFiles(back.Latest!).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal));
        Assert.All(files, file => Assert.Equal(File.ReadAllBytes(Path.Combine(expected, file)), File.ReadAllBytes(Path.Combine(back.Latest!, file))));
    }

    [Fact]
    public async Task A_step_does_not_wait_for_the_files_and_the_next_checkpoint_does()
    {
        var store = new CheckpointStore(_folder.File("checkpoints"), 0);
        using var hold = new ManualResetEventSlim();
        using var writer = new CheckpointWriter(
            snapshot =>
            {
                hold.Wait(TestContext.Current.CancellationToken);
                return store.Save(snapshot);
            },
            _recorder,
            _model.Parameters,
            hasAverage: false);
        writer.Begin(snapshot => snapshot.Fill(State(8), Whole));
        writer.Collect();
        Assert.Empty(_recorder.Checkpoints);
        Assert.Null(store.Latest);
        var next = Task.Run(() => writer.Begin(snapshot => snapshot.Fill(State(16), Whole)), TestContext.Current.CancellationToken);
        Assert.NotSame(next, await Task.WhenAny(next, Task.Delay(100, TestContext.Current.CancellationToken)));
        hold.Set();
        await next;
        writer.Finish();
        Assert.Equal(["samples-0000000000008", "samples-0000000000016"], _recorder.Checkpoints.Select(Path.GetFileName));
    }

    [Fact]
    public void A_checkpoint_that_cannot_be_written_ends_the_training_at_the_next_step_and_the_earlier_one_stays()
    {
        var config = TinyRun.Config with { Train = TinyRun.Config.Train with { CheckpointEvery = Duration.OfSteps(2) } };
        var store = new CheckpointStore(_folder.Path, 0);
        File.WriteAllText(_folder.File("samples-0000000000032"), ""); // a file stands in the second one's place
        using var trainer = PairTrainee.Loop(_model, config, p => new TinyRun.PositionSource(p), store, [], _recorder);
        var error = Assert.Throws<IOException>(() => trainer.Run(TestContext.Current.CancellationToken));
        Assert.StartsWith($"Cannot write the checkpoint {_folder.File("samples-0000000000032")}: ", error.Message, StringComparison.Ordinal);
        Assert.InRange(trainer.State.Samples, 32, 48); // at the latest when the next one is due

        // What was learnt meanwhile is kept: the state at which it ended is written too, if it is not the one that cannot be.
        var whole = store.NewestWhole(_ => { });
        Assert.EndsWith(trainer.State.Samples == 32 ? "samples-0000000000016" : $"samples-00000000000{trainer.State.Samples}", whole, StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.GetDirectories(_folder.Path), folder => folder.EndsWith(".unfinished", StringComparison.Ordinal));
    }

    [Fact]
    public void A_snapshot_takes_three_tensors_and_a_fourth_for_the_average()
    {
        using var three = new CheckpointSnapshot(_model.Parameters, hasAverage: false);
        using var four = new CheckpointSnapshot(_model.Parameters, hasAverage: true);
        Assert.Equal(3 * 4 * _model.Parameters.Count, three.Bytes);
        Assert.Equal(4 * 4 * _model.Parameters.Count, four.Bytes);
        var averaged = TinyRun.Config with { Train = TinyRun.Config.Train with { WeightEma = 0.9 } };
        Assert.InRange(new StepMemory(TinyRun.Config, ScalarType.Float32, DeviceType.CPU).OfSnapshot, three.Bytes * 0.95, three.Bytes * 1.05); // by formula
        Assert.InRange(new StepMemory(averaged, ScalarType.Float32, DeviceType.CPU).OfSnapshot, four.Bytes * 0.95, four.Bytes * 1.05);
    }

    [Fact]
    public void A_snapshot_can_be_filled_from_pieces()
    {
        using var snapshot = new CheckpointSnapshot(_model.Parameters, hasAverage: true);
        var asked = new List<CheckpointPart>();
        snapshot.Fill(State(8), (part, target) =>
        {
            asked.Add(part);
            var half = target.numel() / 2;
            var whole = Whole(part);
            target.narrow(0, 0, half).copy_(whole.narrow(0, 0, half));
            target.narrow(0, half, target.numel() - half).copy_(whole.narrow(0, half, target.numel() - half));
        });
        Assert.Equal([CheckpointPart.Weights, CheckpointPart.FirstMoment, CheckpointPart.SecondMoment, CheckpointPart.Average], asked);
        var saved = new CheckpointStore(_folder.File("pieces"), 0).Save(snapshot);
        var whole = new CheckpointStore(_folder.File("whole"), 0).Save(State(8), _model.Parameters, _optimizer.FirstMoment, _optimizer.SecondMoment, _average);
        Assert.Equal(File.ReadAllBytes(Path.Combine(whole, "manifest.json")), File.ReadAllBytes(Path.Combine(saved, "manifest.json")));
    }

    private CheckpointWriter Writer(CheckpointStore store, bool hasAverage) => new(snapshot => store.Save(snapshot), _recorder, _model.Parameters, hasAverage);

    private Tensor Whole(CheckpointPart part) => part switch
    {
        CheckpointPart.Weights => _model.Parameters.Master,
        CheckpointPart.FirstMoment => _optimizer.FirstMoment,
        CheckpointPart.SecondMoment => _optimizer.SecondMoment,
        _ => _average.Average,
    };

    private static TrainState State(long samples) => new(samples, samples / 8, 1, 1000, new Dictionary<string, long>());
}
