using System.Security.Cryptography;
using Flip.Config;
using Flip.Data.Scenes;
using Flip.Tasks.Pretraining;
using Flip.Tasks.Studies;
using Flip.Training;

namespace Flip.Tests.Tasks.Studies;

[Collection(Alone.Name)]
public sealed class StudyRunTests : IDisposable
{
    private const string Masks = """
        {"title": "Masks", "axes": [
          {"name": "mask", "values": [{"name": "0 %", "settings": ["model.image.maskRatio=0"]}, {"name": "50 %"}]},
          {"name": "seen", "values": [{"name": "whole"}, {"name": "masked", "inference": "masked"}, {"name": "tuned", "tune": {"length": 0.5, "rate": 0.1}}]}],
         "skip": [["0 %", "masked"], ["0 %", "tuned"]]}
        """;

    private readonly TemporaryFolder _folder = TemporaryFolder.InMemory();
    private readonly SceneDataset _scenes;
    private readonly FlipConfig _start;

    public StudyRunTests()
    {
        _scenes = SceneDataset.Write(_folder.File("scenes"), 150, 30, seed: 1, imageSize: 64);
        _start = ConfigReader.Overlay(Presets.Get("tiny").Config, [
            "model.image.width=32", "model.image.depth=1", "model.text.width=32", "model.text.depth=1", "model.embedDim=16", "train.samples=6 steps", "train.batchSize=16", "train.precision=fp32",
            "train.threads=1", "train.checkpointEvery=2 steps", "data.workers=1", "train.logEvery=1 steps", $"data.train={_scenes.Train}", $"data.classNames={_scenes.ClassNames}",
        ]);
        _start = _start with { Eval = _start.Eval with { On = [$"heldout={_scenes.HeldOut}", $"retrieval=captions={_scenes.Retrieval}"], Templates = _scenes.Templates } };
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Cells_are_trained_once_tuned_and_measured_as_they_are_asked_for()
    {
        var (plan, store) = (Plan(), Store("cells"));
        var finished = new List<string>();
        Run(plan, store, finished);
        Assert.Equal(3, finished.Count); // two trainings and a tuning
        Assert.Equal(3, Directory.GetDirectories(_folder.File("cells")).Length);
        var results = plan.Cells.Select(cell => store.Result(cell)!).ToList();
        Assert.All(results, result => Assert.InRange(result.Scores["heldout/top1"], 0, 1));
        Assert.Equal([(96, 0), (96, 0), (96, 0), (96, 48)], results.Select(result => (result.Samples, result.TuningSamples)));
        Assert.Equal(results[1].Run, results[2].Run); // the same training, seen through a mask
        Assert.NotEqual(results[1].Scores, results[2].Scores);

        finished.Clear();
        Run(plan, Store("cells"), finished);
        Assert.Empty(finished);
    }

    /// <summary>A cancellation stands for a kill: it leaves the checkpoint of the last steps.</summary>
    [Fact]
    public void A_study_that_is_stopped_goes_on_to_the_same_weights()
    {
        var plan = Plan();
        Run(plan, Store("whole"), []);
        var stops = 0;
        while (!Finishes(plan, Store("stopped"), reports: 2))
        {
            stops++;
        }

        Assert.InRange(stops, 4, 15); // of 15 steps
        Assert.Equal(Weights("whole"), Weights("stopped"));
    }

    [Fact]
    public void Parts_do_all_cells_between_them_and_none_twice()
    {
        var (plan, store, finished) = (Plan(), Store("cells"), new List<string>());
        new StudyRun(plan, store, new SilentProgress(), finish: (run, _) => finished.Add(run.Path)).Run(2, 2, TestContext.Current.CancellationToken);
        Assert.NotNull(store.Result(plan.Cells[1]));
        Assert.Null(store.Result(plan.Cells[0]));
        new StudyRun(plan, store, new SilentProgress(), finish: (run, _) => finished.Add(run.Path)).Run(1, 2, TestContext.Current.CancellationToken);
        Assert.All(plan.Cells, cell => Assert.NotNull(store.Result(cell)));
        Assert.Equal(3, finished.Distinct().Count());
        Assert.Equal(3, finished.Count);
    }

    [Fact]
    public void A_finished_training_is_measured_on_other_sets_without_being_trained_again()
    {
        Run(Plan(), Store("cells"), []);
        var other = StudyPlan.Of(StudyReader.Read("masks", Masks, "masks"), _start with { Eval = _start.Eval with { On = [$"seen={_scenes.Seen}"] } });
        var finished = new List<string>();
        Run(other, Store("cells"), finished);
        Assert.Empty(finished);
        Assert.All(other.Cells, cell => Assert.Equal("seen/top1", StudyScores.Main(Store("cells").Result(cell)!.Scores.Keys)));
    }

    /// <summary>As cells come that were kept for their tables.</summary>
    [Fact]
    public void A_training_of_which_only_the_results_are_left_is_made_again_where_its_weights_are_needed()
    {
        Run(Plan(), Store("cells"), []);
        var weights = Weights("cells");
        foreach (var run in Directory.GetDirectories(_folder.File("cells")))
        {
            foreach (var entry in Directory.GetDirectories(run))
            {
                Directory.Delete(entry, recursive: true);
            }
        }

        var finished = new List<string>();
        Run(Plan(), Store("cells"), finished);
        Assert.Empty(finished); // the results are all that was asked for

        File.Delete(Directory.GetFiles(_folder.File("cells"), "measured-masked-*", SearchOption.AllDirectories).Single());
        Run(Plan(), Store("cells"), finished);
        var store = Store("cells");
        Assert.Equal([store.Training(Plan().Cells[1]).Path], finished);
        Assert.All(Plan().Cells, cell => Assert.NotNull(store.Result(cell)));
        Assert.Equal(weights[Path.GetFileName(finished[0])], HashOfWeights(finished[0]));
    }

    private StudyPlan Plan() => StudyPlan.Of(StudyReader.Read("masks", Masks, "masks"), _start);

    private CellStore Store(string name) => new(_folder.File(name), new StudyData(_ => { }, false, TestContext.Current.CancellationToken));

    private static void Run(StudyPlan plan, CellStore store, List<string> finished) =>
        new StudyRun(plan, store, new SilentProgress(), finish: (run, _) => finished.Add(run.Path)).Run(1, 1, TestContext.Current.CancellationToken);

    private static bool Finishes(StudyPlan plan, CellStore store, int reports)
    {
        using var stop = new CancellationTokenSource();
        using var view = new StoppingProgress(stop, reports);
        try
        {
            new StudyRun(plan, store, view).Run(1, 1, stop.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private SortedDictionary<string, string> Weights(string name) => new(Directory.EnumerateDirectories(_folder.File(name)).ToDictionary(run => Path.GetFileName(run), HashOfWeights));

    private static string HashOfWeights(string run) => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(Path.Combine(run, "model", "model.safetensors"))));

    /// <summary>Stops after some reports of steps.</summary>
    private sealed class StoppingProgress(CancellationTokenSource stop, int reports) : Flip.Progress.IProgressView
    {
        private int _seen;

        public void Report(Flip.Progress.TrainProgress progress)
        {
            if (++_seen == reports)
            {
                stop.Cancel();
            }
        }

        public void Report(Flip.Progress.ItemProgress progress)
        {
            // Nobody looks.
        }

        public void Message(string text)
        {
            // Nobody listens.
        }

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}
