using Flip.Config;
using Flip.Devices;
using Flip.Models;
using Flip.Tasks.Answering;
using Flip.Tests.Training;
using Flip.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Tasks.Answering;

public class AnswerTraineeTests
{
    [Theory]
    [InlineData(0, Precision.Fp32, 1, false)]
    [InlineData(0.9, Precision.Fp32, 0, false)]
    [InlineData(0, Precision.Fp32, 1, true)]
    [InlineData(0, Precision.Bf16, 1, false)]
    public void A_run_continued_from_a_checkpoint_is_the_uninterrupted_run_to_the_last_bit(double ema, Precision precision, double towerRate, bool questionOnly)
    {
        using var folder = new TemporaryFolder();
        var config = TinyAnswerer.Config with { WeightEma = ema, MicroBatch = 4, Precision = precision, TowerLearningRate = towerRate * 0.05, QuestionOnly = questionOnly };
        float[] whole = [], continued = [];
        var losses = TinyAnswerer.Losses(config, folder.File("a"), after: c => whole = c.Parameters.Master.data<float>().ToArray());
        var checkpoint = Directory.GetDirectories(folder.File("a")).Order().First();
        var rest = TinyAnswerer.Losses(config, folder.File("b"), checkpoint, c => continued = c.Parameters.Master.data<float>().ToArray());
        Assert.Equal(8, losses.Count);
        Assert.Equal(losses[4..], rest);
        Assert.Equal(whole, continued);
    }

    [Fact]
    public void It_learns_twelve_answers_by_heart_and_gives_them()
    {
        using var folder = new TemporaryFolder();
        var given = new List<string>();
        var losses = TinyAnswerer.Losses(Long, folder.Path, after: answerer => given.AddRange(Given(answerer, withImage: true)));
        Assert.Equal((2 * Math.Log(4)) - Math.Log(3) + (2 * Math.Log(4.0 / 3)), losses[0], 0.8); // one answer of four at 1/4 and the others off, about
        Assert.True(losses[^1] < 0.05, $"{losses[^1]}");
        Assert.Equal(TinyAnswerer.Asked.Select(question => question.Answers[0]), given);
    }

    [Fact]
    public void The_baseline_that_sees_nothing_learns_what_the_questions_tell_and_no_more()
    {
        using var folder = new TemporaryFolder();
        var losses = TinyAnswerer.Losses(Long with { QuestionOnly = true }, folder.Path);

        // Of each question two answers are right half the time.
        Assert.Equal(2 * Math.Log(2), losses[^1], 0.1);
    }

    [Fact]
    public void Question_only_sees_nothing_of_the_image()
    {
        var config = TinyAnswerer.Config with { QuestionOnly = true };
        using var answerer = TinyAnswerer.New(config);
        using var scope = NewDisposeScope();
        var batch = TinyAnswerer.Batch(5);
        var loss = Step(answerer, batch, config);
        var expected = answerer.Parameters.Gradient.clone();
        Assert.Equal(loss, Step(answerer, batch with { Images = [.. batch.Images.Select(pixel => (byte)(255 - pixel))] }, config));
        Assert.True(answerer.Parameters.Gradient.equal(expected).all().ToBoolean());
        Assert.Equal(loss, Step(answerer, batch with { Images = [] }, config));
        Assert.NotEqual(loss, Step(answerer, batch, TinyAnswerer.Config));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Micro_batches_and_recomputed_blocks_give_the_gradient_of_the_whole_batch(bool questionOnly)
    {
        var config = TinyAnswerer.Config with { QuestionOnly = questionOnly };
        using var answerer = TinyAnswerer.New(config);
        using var scope = NewDisposeScope();
        var batch = TinyAnswerer.Batch(7);
        var whole = Step(answerer, batch, config);
        var expected = answerer.Parameters.Gradient.clone();
        foreach (var other in new[] { config with { MicroBatch = 3 }, config with { CheckpointBlocks = 1 } })
        {
            Assert.Equal(whole, Step(answerer, batch, other), 1e-5);
            Assert.True(answerer.Parameters.Gradient.allclose(expected, 1e-4, 1e-6));
        }

        Assert.True(expected.abs().max().ToSingle() > 1e-3);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public void The_order_of_a_batch_and_padding_behind_its_questions_change_nothing(bool attendPadding, bool causal)
    {
        var model = TinyRun.Config.Model;
        using var answerer = TinyAnswerer.New(TinyAnswerer.Config, model with { Text = model.Text with { AttendPadding = attendPadding, Causal = causal } });
        using var scope = NewDisposeScope();
        var batch = TinyAnswerer.Batch(5);
        var loss = Step(answerer, batch, TinyAnswerer.Config);
        var expected = answerer.Parameters.Gradient.clone();
        Assert.Equal(loss, Step(answerer, Ordered(batch, [3, 0, 4, 2, 1]), TinyAnswerer.Config), 1e-5);
        Assert.True(answerer.Parameters.Gradient.allclose(expected, 1e-4, 1e-6));
        var padded = batch with { Tokens = [.. batch.Tokens] };
        for (var row = 0; row < 5; row++)
        {
            padded.Tokens.AsSpan((row * TinyAnswerer.Length) + batch.Lengths[row], TinyAnswerer.Length - batch.Lengths[row]).Fill(19);
        }

        Assert.Equal(loss, Step(answerer, padded, TinyAnswerer.Config), 1e-6);
        var other = answerer.Parameters.Gradient.clone();
        Assert.True(other.allclose(expected, 1e-5, 1e-7));
    }

    [Fact]
    public void The_gradient_is_that_of_finite_differences()
    {
        using var answerer = TinyAnswerer.New(TinyAnswerer.Config);
        using var scope = NewDisposeScope();
        var batch = TinyAnswerer.Batch(4);
        Step(answerer, batch, TinyAnswerer.Config);
        var gradient = answerer.Parameters.Gradient.clone();
        var norm = gradient.norm().ToDouble();
        foreach (var seed in new[] { 1UL, 2UL, 3UL })
        {
            // Along a direction that leans on the gradient: its slope stands above the rounding of fp32.
            var direction = (gradient / norm) + (randn(gradient.numel(), generator: new Generator(seed)) / Math.Sqrt(gradient.numel()));
            const double Width = 4e-3;
            var up = At(answerer, batch, direction, Width);
            var down = At(answerer, batch, direction, -Width);
            var slope = (gradient * direction).sum().ToDouble();
            Assert.Equal(1, (up - down) / (2 * Width) / slope, 0.02);
        }
    }

    [Fact]
    public void Towers_without_a_rate_stay_as_they_are_and_have_no_gradient()
    {
        using var folder = new TemporaryFolder();
        var config = TinyAnswerer.Config with { TowerLearningRate = 0 };
        using var fresh = TinyAnswerer.New(config);
        using var scope = NewDisposeScope();
        Step(fresh, TinyAnswerer.Batch(4), config);
        Assert.All(fresh.TowerParameters, parameter => Assert.Equal(0, parameter.Gradient!.abs().max().ToSingle()));
        TinyAnswerer.Losses(config, folder.Path, after: trained =>
        {
            Assert.All(trained.TowerParameters.Zip(fresh.TowerParameters), pair => Assert.True(pair.First.Master.equal(pair.Second.Master).all().ToBoolean()));
            Assert.Contains(trained.Parameters.All.Zip(fresh.Parameters.All), pair => !pair.First.Master.equal(pair.Second.Master).all().ToBoolean());
        });
    }

    [Fact]
    public void A_step_waits_for_its_device_once()
    {
        using var answerer = TinyAnswerer.New(TinyAnswerer.Config);
        var before = DeviceTraffic.OnThread;
        using var pending = new AnswerStep(answerer, TinyAnswerer.Config with { MicroBatch = 2 }, TinyAnswerer.Targets).ComputeGradient(TinyAnswerer.Batch(6));
        Assert.Equal(0, (DeviceTraffic.OnThread - before).Waits);
        Assert.True(double.IsFinite(pending.Read().Loss));
    }

    [Fact]
    public void Targets_are_found_by_the_numbers_of_the_questions()
    {
        Assert.Equal([0, 0, 0, 1, 1, 0, 0, 0], TinyAnswerer.Targets.Rows([3, 0]));
        Assert.Equal((TinyAnswerer.Questions, 0), (TinyAnswerer.Targets.Count, TinyAnswerer.Targets.Unanswerable));
        var targets = new AnswerTargets([TinyAnswerer.Asked[0] with { Answers = ["green"] }, TinyAnswerer.Asked[0] with { Answers = ["Blue", "red", "pink"] }], TinyAnswerer.Answers);
        Assert.Equal(1, targets.Unanswerable);
        Assert.Equal([0, 0, 0, 0, 1, 1, 0, 0], targets.Rows([0, 1]));
    }

    private static AnswerConfig Long => TinyAnswerer.Config with { Samples = Duration.OfSteps(250), BatchSize = TinyAnswerer.Questions, WeightDecay = 0, BaseLearningRate = 0.1 };

    private static double Step(QuestionAnswerer answerer, Batch batch, AnswerConfig config) =>
        new AnswerStep(answerer, config, TinyAnswerer.Targets).ComputeGradient(batch).Read().Loss;

    private static IEnumerable<string> Given(QuestionAnswerer answerer, bool withImage)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var batch = TinyAnswerer.Batch(TinyAnswerer.Questions);
        var (tokens, lengths) = QuestionRows.Send(answerer, batch.Tokens, batch.Lengths);
        var scores = answerer.Logits(tensor(batch.Images).view(TinyAnswerer.Questions, 16, 16, 3), tokens, lengths, withImage);
        return [.. scores.argmax(1).data<long>().ToArray().Select(answer => TinyAnswerer.Answers.Answers[(int)answer])];
    }

    private static double At(QuestionAnswerer answerer, Batch batch, Tensor direction, double width)
    {
        using var noGrad = no_grad();
        answerer.Parameters.Master.add_(direction * width);
        using (enable_grad())
        {
            var loss = Step(answerer, batch, TinyAnswerer.Config);
            answerer.Parameters.Master.sub_(direction * width);
            return loss;
        }
    }

    private static Batch Ordered(Batch batch, int[] order) => batch with
    {
        Images = [.. order.SelectMany(row => batch.Images.Skip(row * 768).Take(768))],
        Tokens = [.. order.SelectMany(row => batch.Tokens.Skip(row * TinyAnswerer.Length).Take(TinyAnswerer.Length))],
        Lengths = [.. order.Select(row => batch.Lengths[row])],
        Samples = [.. order.Select(row => batch.Samples[row])],
    };
}
