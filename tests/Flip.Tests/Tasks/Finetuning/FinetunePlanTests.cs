using Flip.Config;
using Flip.Tasks.Finetuning;

namespace Flip.Tests.Tasks.Finetuning;

public class FinetunePlanTests
{
    private static readonly string[] Names = ["cat", "dog"];

    [Fact]
    public void The_papers_recipe_on_imagenet_is_62_500_steps_at_a_rate_of_2e_4()
    {
        var plan = FinetunePlan.Of(FinetuneRecipes.Get("paper"), 1_280_000);
        Assert.Equal(62_500, plan.TotalSamples / plan.BatchSize);
        Assert.Equal(2e-4, plan.LearningRate.Peak, 1e-12);
        Assert.Equal(5 * 1_280_000, plan.LearningRate.WarmupSamples);
        Assert.Empty(FinetunePlan.Warnings(plan, Labels(640_000, 640_000), Names));
    }

    [Fact]
    public void What_the_paper_lists_is_the_default()
    {
        var paper = new FinetuneConfig();
        Assert.Equal((0.9, 0.999, 5e-5, 0.05, 0.75), (paper.Beta1, paper.Beta2, paper.BaseLearningRate, paper.WeightDecay, paper.LayerDecay));
        Assert.Equal((1024, 2, 9, 0.5), (paper.BatchSize, paper.RandAugment, paper.RandAugmentMagnitude, paper.RandAugmentDeviation));
        Assert.Equal((0.1, 0.8, 1.0, 0.2), (paper.LabelSmoothing, paper.Mixup, paper.Cutmix, paper.DropPath));
        Assert.Equal((0, 0, 0, 0), (paper.WeightEma, paper.Erasing, paper.MaskRatio, paper.GradientClip));
    }

    [Fact]
    public void A_high_rate_few_steps_and_few_images_are_told()
    {
        var plan = FinetunePlan.Of(new FinetuneConfig { BatchSize = 16, BaseLearningRate = 0.1, Samples = Duration.OfSteps(100), Warmup = Duration.OfPercent(5) }, 103);
        var warnings = FinetunePlan.Warnings(plan, Labels(100, 3), Names);
        Assert.Equal(3, warnings.Count);
        Assert.Contains("6.25e-3", warnings[0], StringComparison.Ordinal);
        Assert.Contains("100 steps", warnings[1], StringComparison.Ordinal);
        Assert.Contains("1 of 2 classes have fewer than 10 training images ('dog' has 3)", warnings[2], StringComparison.Ordinal);
    }

    [Fact]
    public void A_batch_beyond_the_set_and_a_warm_up_beyond_the_training_are_refused_together()
    {
        var failure = Assert.Throws<ConfigException>(() => FinetunePlan.Of(
            new FinetuneConfig { Samples = Duration.OfEpochs(2), Warmup = Duration.OfSteps(50) }, 500));
        Assert.Equal(2, failure.Problems.Count);
        Assert.Contains("the data set has 500 samples", failure.Problems[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("samples=1e12 epochs", "samples = 1000000000000 epochs: comes to 500,000,000,000,000 samples")]
    [InlineData("samples=1e300 epochs", "samples = 1E+300 epochs: comes to 9,223,372,036,854,775,807 samples")]
    [InlineData("warmup=1e300 steps", "warmup = 1E+300 steps: 9,223,372,036,854,775,807 samples of warm-up")]
    public void Lengths_beyond_any_training_are_refused_with_what_they_come_to(string set, string problem)
    {
        var config = RecipeFiles.Finetuning.Overlay(new FinetuneConfig { BatchSize = 16 }, [set]);
        var refused = Record.Exception(() => FinetunePlan.Of(config, 500));
        Assert.StartsWith(problem, Assert.IsType<ConfigException>(refused).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_are_read_written_and_compared()
    {
        var config = RecipeFiles.Finetuning.Overlay(
            FinetuneRecipes.Get("small"), ["mixup=0.5", "head=random", "samples=10 epochs", "evaluateEvery=1 epochs"]);
        Assert.Equal((0.5, ClassifierHead.Random, Duration.OfEpochs(10)), (config.Mixup, config.Head, config.Samples));
        Assert.Equal(config, RecipeFiles.Finetuning.Parse(RecipeFiles.Finetuning.ToJson(config), "x"));
        Assert.Equal(["seed=4"], RecipeFiles.Finetuning.Difference(config with { Seed = 4 }, config));
    }

    [Fact]
    public void Every_problem_of_settings_is_told_in_one_error()
    {
        var failure = Assert.Throws<ConfigException>(() => RecipeFiles.Finetuning.Overlay(
            new FinetuneConfig(), ["mixap=1", "dropPath=1", "samples=5%", "microBatch=2000"]));
        Assert.Equal(
            [
                "mixap: no such setting; did you mean mixup?",
                "dropPath = 1: must be a number, from 0 to below 1",
                "microBatch = 2000: must be at most batchSize = 1024",
                "samples = 5%: is the whole itself, so it cannot be a percentage",
            ],
            failure.Problems);
    }

    [Fact]
    public void An_unknown_recipe_is_refused_with_the_known_ones() =>
        Assert.Contains("paper, small", Assert.Throws<ConfigException>(() => FinetuneRecipes.Get("large")).Message, StringComparison.Ordinal);

    private static int[] Labels(int first, int second) => [.. Enumerable.Repeat(0, first), .. Enumerable.Repeat(1, second)];
}
