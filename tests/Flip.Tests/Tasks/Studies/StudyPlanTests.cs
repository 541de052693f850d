using Flip.Config;
using Flip.Models;
using Flip.Tasks.Studies;

namespace Flip.Tests.Tasks.Studies;

public sealed class StudyPlanTests
{
    private static readonly FlipConfig Small = Presets.Get("small-64").Config;

    public static TheoryData<string> BuiltIn => [.. StudyReader.Names];

    [Theory]
    [MemberData(nameof(BuiltIn))]
    public void Every_built_in_study_makes_cells_of_small_and_of_large_models(string name)
    {
        var study = StudyReader.Open(name);
        foreach (var preset in (string[])["tiny", "small", "flip-l16"])
        {
            var plan = StudyPlan.Of(study, Presets.Get(preset).Config, seeds: 2);
            Assert.Equal(0, plan.Cells.Count % 2);
            Assert.Contains(plan.Cells, cell => cell.Values.SequenceEqual(plan.Baseline));
            Assert.All(study.Published, published => Assert.Contains(plan.Cells, cell => cell.Values.SequenceEqual(published.Cell)));
            Assert.Distinct(plan.Cells.Select(cell => $"{string.Join(',', cell.Values)} {cell.Seed}"));
        }
    }

    [Fact]
    public void The_papers_studies_are_all_there() => Assert.Equal(
        ["baselines", "batch-size", "image-size", "inference", "loss", "mask-kind", "mask-ratio", "reconstruction", "scaling", "text-mask", "trade-off", "unmasked-tuning"], StudyReader.Names);

    [Fact]
    public void A_larger_mask_has_a_larger_batch_and_each_seed_its_own_draws()
    {
        var plan = StudyPlan.Of(StudyReader.Open("mask-ratio"), Small, seeds: 2);
        Assert.Equal(
            [(0, 128, 0L), (0.5, 256, 0), (0.75, 512, 0), (0, 128, 1), (0.5, 256, 1), (0.75, 512, 1)],
            plan.Cells.Select(cell => (cell.Training.Model.Image.MaskRatio, cell.Training.Train.BatchSize, cell.Training.Train.Seed)));
        Assert.All(plan.Cells, cell => Assert.Equal((Small.Train.Samples, (FlipConfig?)null, InferenceMask.None), (cell.Training.Train.Samples, cell.Tuning, cell.Inference)));
    }

    [Fact]
    public void Lengths_are_multiples_and_shrink_together()
    {
        var plan = StudyPlan.Of(StudyReader.Open("trade-off"), Small, lengthFactor: 0.1);
        Assert.Equal(4 + (2 * 5 * 2), plan.Cells.Count); // whole images are not tuned, and not trained for so long
        Assert.Equal(["0.75 epochs", "1.5 epochs", "3 epochs", "6 epochs"], plan.Cells.Where(cell => cell.Values[0] == "0 %").Select(cell => cell.Training.Train.Samples.ToString()));
        var tuned = plan.Cells.Single(cell => cell.Values.SequenceEqual(["75 %", "2", "tuned"]));
        Assert.Equal(0, tuned.Tuning!.Model.Image.MaskRatio);
        Assert.Equal(0.9, tuned.Tuning.Train.Samples.Value, 1e-12); // as flip tune does it after a small training
        Assert.Equal(tuned.Training.Train.BaseLearningRate * 0.1, tuned.Tuning.Train.BaseLearningRate, 1e-12);
        Assert.Equal(["0 %", "1", "none"], plan.Baseline);
    }

    [Fact]
    public void Studies_share_trainings_and_neither_the_machine_nor_the_place_of_the_data_makes_another()
    {
        static string Key(string study, FlipConfig start, string data, params string[] values) =>
            StudyPlan.Of(StudyReader.Open(study), start).Cells.Single(cell => cell.Values.SequenceEqual(values)).TrainingKey(_ => data);
        var key = Key("mask-ratio", Small, "a", "75 %");
        Assert.Equal(key, Key("inference", Small, "a", "75 %", "ensemble"));
        Assert.Equal(key, Key("unmasked-tuning", Small, "a", "75 %", "5 % at 0.1"));
        Assert.Equal(key, Key("mask-ratio", ConfigReader.Overlay(Small, ["train.threads=2", "data.train=elsewhere", "eval.every=10%", "train.precision=fp32"]), "a", "75 %"));
        Assert.NotEqual(key, Key("mask-ratio", Small, "b", "75 %"));
        Assert.NotEqual(key, Key("mask-ratio", Small, "a", "50 %"));
        Assert.NotEqual(key, Key("mask-ratio", ConfigReader.Overlay(Small, ["train.samples=4 epochs"]), "a", "75 %"));
    }

    [Fact]
    public void Cells_of_before_are_found_again_since_settings_at_their_defaults_are_no_part_of_the_key()
    {
        Assert.Empty(ConfigWriter.Decisive(new FlipConfig()));
        Assert.Equal(["train.batchSize=128", "train.loss=sigmoid"], ConfigWriter.Decisive(new FlipConfig { Train = new() { BatchSize = 128, Loss = LossKind.Sigmoid } }));
        ReconstructionConfig decoder = new() { Width = 96 };
        Assert.Empty(ConfigWriter.Decisive(new FlipConfig { Model = new() { Reconstruction = decoder } })); // it is not built
        Assert.Equal(2, ConfigWriter.Decisive(new FlipConfig { Model = new() { Reconstruction = decoder with { Weight = 0.1 } } }).Count());
        var cell = new StudyCell([], 0, new FlipConfig { Train = new() { BatchSize = 128 } }, null, InferenceMask.None);
        Assert.Equal("15ce868d66419ff4", cell.TrainingKey(_ => "data"));
    }

    [Fact]
    public void A_share_of_the_data_is_its_first_shards()
    {
        using var folder = new TemporaryFolder();
        foreach (var shard in Enumerable.Range(0, 5))
        {
            File.WriteAllText(folder.File($"{shard}.tar"), "");
        }

        var cells = StudyPlan.Of(StudyReader.Open("scaling"), ConfigReader.Overlay(Small, [$"data.train={folder.Path}"])).Cells;
        Assert.Equal($"{folder.File("0.tar")},{folder.File("1.tar")}", cells[0].Training.Data.Train);
        Assert.Equal(folder.Path, cells[2].Training.Data.Train);
        Assert.Equal((9, 4, "60 epochs"), (cells[^1].Training.Model.Image.Depth, cells[^1].Training.Model.Text.Depth, cells[^1].Training.Train.Samples.ToString())); // 4.5 is rounded to even
    }

    [Theory]
    [InlineData("""{"title": "t", "axes": [], "what": 1}""", "what")]
    [InlineData("""{"title": "t"}""", "axes")]
    [InlineData("""{"title": "t", "axes": [{"name": "a", "values": [{"name": "x"}]}]}""", "two or more values")]
    [InlineData("""{"title": "t", "axes": [{"name": "a", "values": [{"name": "x"}, {"name": "x"}]}]}""", "two values are called 'x'")]
    [InlineData("""{"title": "t", "axes": [{"name": "a", "values": [{"name": "x"}, {"name": "y"}]}], "skip": [["z"]]}""", "'z' is the name of no value")]
    [InlineData("""{"title": "t", "axes": [{"name": "a", "values": [{"name": "x"}, {"name": "y", "multiply": {"train.batchsize": 2}}]}]}""", "did you mean train.batchSize")]
    [InlineData("""{"title": "t", "axes": [{"name": "a", "values": [{"name": "x"}, {"name": "y", "multiply": {"train.loss": 2}}]}]}""", "no number")]
    [InlineData("""{"title": "t", "axes": [{"name": "a", "values": [{"name": "x"}, {"name": "y", "data": 0}]}]}""", "data = 0")]
    [InlineData("""{"title": "t", "axes": [{"name": "a", "values": [{"name": "x"}, {"name": "y", "inference": "blind"}]}]}""", "inference")]
    [InlineData("""{"title": "t", "seeds": 0, "axes": [{"name": "a", "values": [{"name": "x"}, {"name": "y"}]}]}""", "seeds = 0")]
    [InlineData("""{"title": "t", "lengthAxis": "b", "axes": [{"name": "a", "values": [{"name": "x"}, {"name": "y"}]}]}""", "no axis of this name")]
    [InlineData("not json", "mine.json")]
    public void A_description_that_is_wrong_says_where(string json, string expected) =>
        Assert.Contains(expected, Assert.Throws<ConfigException>(() => StudyReader.Read("mine", json, "mine.json")).Message, StringComparison.Ordinal);

    [Fact]
    public void Settings_that_do_not_go_together_name_their_cell()
    {
        var study = StudyReader.Read("mine", """{"title": "t", "axes": [{"name": "a", "values": [{"name": "x"}, {"name": "odd", "settings": ["model.image.heads=5"]}]}]}""", "mine.json");
        Assert.Contains("the cell 'odd': model.image.width", Assert.Throws<ConfigException>(() => StudyPlan.Of(study, Small)).Message, StringComparison.Ordinal);
        Assert.Contains("there is none; the built-in ones are", Assert.Throws<ConfigException>(() => StudyReader.Open("masks")).Message, StringComparison.Ordinal);
    }
}
