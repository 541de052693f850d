using Flip.Config;
using Flip.Training;
using static TorchSharp.torch;

namespace Flip.Tests.Training;

[Collection(Alone.Name)] // the number of threads is the process's
public class TrainingStepTests
{
    public static TheoryData<int, LossKind, double, double> Divisions => new()
    {
        { 1, LossKind.InfoNce, 0, 0 },
        { 3, LossKind.InfoNce, 0, 0.5 },
        { 4, LossKind.Sigmoid, 0, 0 },
        { 5, LossKind.InfoNce, 0.7, 0 },
    };

    [Theory]
    [MemberData(nameof(Divisions))]
    public void Micro_batches_give_the_whole_batchs_loss_and_gradient(int part, LossKind loss, double reconstruction, double textMask)
    {
        var config = TinyRun.Config with
        {
            Model = TinyRun.Config.Model with
            {
                Text = TinyRun.Config.Model.Text with { MaskRatio = textMask, MaskKind = TextMaskKind.Random },
                Reconstruction = new ReconstructionConfig { Weight = reconstruction, Width = 8, Depth = 1, Heads = 2 },
            },
            Train = TinyRun.Config.Train with { Loss = loss },
        };
        using var model = TinyRun.Model(config);
        var batch = TinyRun.Batch(8);
        var whole = new TrainingStep(model, config.Train).ComputeGradient(batch, 0.5);
        using var expected = model.Parameters.Gradient.clone();
        var parts = new TrainingStep(model, config.Train with { MicroBatch = part }).ComputeGradient(batch, 0.5);
        Assert.Equal(whole.Loss, parts.Loss, 1e-5);
        Assert.Equal(whole.ReconstructionLoss ?? 0, parts.ReconstructionLoss ?? 0, 1e-5);
        AssertClose(expected, model.Parameters.Gradient, 1e-5);
    }

    [Theory]
    [InlineData(LossKind.InfoNce, 1, 0, LogitScaleClamp.Parameter, 2.0)]
    [InlineData(LossKind.InfoNce, 3, 0, LogitScaleClamp.Forward, 2.0)]
    [InlineData(LossKind.InfoNce, 3, 3, LogitScaleClamp.Forward, 5.0)] // above the bound, ln 100
    [InlineData(LossKind.Sigmoid, 5, 0, LogitScaleClamp.Parameter, 2.0)]
    [InlineData(LossKind.Sigmoid, 8, 3, LogitScaleClamp.Forward, 5.0)]
    public void A_loss_in_chunks_gives_the_whole_losss_gradient(LossKind loss, int chunk, int part, LogitScaleClamp clamp, double logitScale)
    {
        var config = TinyRun.Config with
        {
            Model = TinyRun.Config.Model with { LogitScaleClamp = clamp, LogitScaleInit = logitScale },
            Train = TinyRun.Config.Train with { Loss = loss },
        };
        using var model = TinyRun.Model(config);
        var batch = TinyRun.Batch(8);
        var whole = new TrainingStep(model, config.Train).ComputeGradient(batch, 0.5);
        using var expected = model.Parameters.Gradient.clone();
        var chunks = new TrainingStep(model, config.Train with { LossChunk = chunk, MicroBatch = part }).ComputeGradient(batch, 0.5);
        Assert.Equal(whole.Loss, chunks.Loss, 1e-5 * whole.Loss);
        AssertClose(expected, model.Parameters.Gradient, 1e-5);
        using var scaleGradient = model.LogitScale.Gradient.cpu();
        Assert.Equal(clamp == LogitScaleClamp.Forward && logitScale > 4.7, scaleGradient.item<float>() == 0);
    }

    [Theory]
    [InlineData(1, 0, 0.0, Precision.Fp32)]
    [InlineData(2, 0, 0.7, Precision.Fp32)]
    [InlineData(5, 0, 0.0, Precision.Fp32)]
    [InlineData(1, 3, 0.7, Precision.Fp32)]
    [InlineData(1, 0, 0.7, Precision.Bf16)]
    public void Blocks_computed_again_give_the_same_gradient_to_the_last_bit(int every, int part, double reconstruction, Precision precision)
    {
        var config = TinyRun.Config with
        {
            Model = TinyRun.Config.Model with
            {
                Image = TinyRun.Config.Model.Image with { Depth = 3, ClassToken = ClassToken.WithPosition },
                Text = TinyRun.Config.Model.Text with { Depth = 2, AttendPadding = false },
                Reconstruction = new ReconstructionConfig { Weight = reconstruction, Width = 8, Depth = 2, Heads = 2 },
            },
            Train = TinyRun.Config.Train with { MicroBatch = part, Precision = precision },
        };
        using var model = TinyRun.Model(config);
        var batch = TinyRun.Batch(8);
        var plain = new TrainingStep(model, config.Train).ComputeGradient(batch, 0.5);
        var expected = model.Parameters.Gradient.data<float>().ToArray();
        var again = new TrainingStep(model, config.Train with { CheckpointBlocks = every }).ComputeGradient(batch, 0.5);
        Assert.Equal(plain, again);
        Assert.Equal(expected, model.Parameters.Gradient.data<float>().ToArray());
        Assert.Null(model.Tape);
    }

    [Fact]
    public void The_thread_count_changes_the_gradient_by_rounding_alone()
    {
        // Wide enough for libtorch to split its loops.
        var wide = TinyRun.Config.Model with { Image = TinyRun.Config.Model.Image with { Width = 128 }, Text = TinyRun.Config.Model.Text with { Width = 128 } };
        using var model = TinyRun.Model(TinyRun.Config with { Model = wide });
        var step = new TrainingStep(model, TinyRun.Config.Train);
        var batch = TinyRun.Batch(64);
        step.ComputeGradient(batch, 0.5);
        using var expected = model.Parameters.Gradient.clone();
        var threads = get_num_threads();
        try
        {
            set_num_threads(1);
            step.ComputeGradient(batch, 0.5);
        }
        finally
        {
            set_num_threads(threads);
        }

        AssertClose(expected, model.Parameters.Gradient, 1e-5);
    }

    [Fact]
    public void The_gradient_of_bf16_towers_points_where_that_of_fp32_points()
    {
        var batch = TinyRun.Batch(8);
        using var exact = TinyRun.Model(TinyRun.Config);
        using var rounded = TinyRun.Model(TinyRun.Config, ScalarType.BFloat16);
        var loss = new TrainingStep(exact, TinyRun.Config.Train).ComputeGradient(batch, 0.5);
        var roundedLoss = new TrainingStep(rounded, TinyRun.Config.Train).ComputeGradient(batch, 0.5);
        Assert.Equal(loss.Loss, roundedLoss.Loss, 0.05 * loss.Loss);
        using var scope = NewDisposeScope();
        var (a, b) = (exact.Parameters.Gradient, rounded.Parameters.Gradient);
        Assert.InRange((a.dot(b) / (a.norm() * b.norm())).item<float>(), 0.99f, 1.0001f);
    }

    [Theory]
    [InlineData(TextMaskKind.Random)]
    [InlineData(TextMaskKind.Truncate)]
    public void Towers_of_CLIPA_have_the_same_gradient_in_parts_and_computed_again(TextMaskKind kind)
    {
        var clipa = Clipa with { Model = Clipa.Model with { Text = Clipa.Model.Text with { MaskRatio = 0.5, MaskKind = kind } } };
        using var model = TinyRun.Model(clipa);
        var batch = TinyRun.Batch(8);
        var whole = new TrainingStep(model, clipa.Train).ComputeGradient(batch, 0.5);
        using var expected = model.Parameters.Gradient.clone();
        var parts = new TrainingStep(model, clipa.Train with { MicroBatch = 3, CheckpointBlocks = 1 }).ComputeGradient(batch, 0.5);
        Assert.Equal(whole.Loss, parts.Loss, 1e-5);
        AssertClose(expected, model.Parameters.Gradient, 1e-5);
    }

    public static TheoryData<string> Models => ["FLIP", "CLIPA"];

    private static readonly FlipConfig Clipa = TinyRun.Config with
    {
        Model = TinyRun.Config.Model with
        {
            Image = TinyRun.Config.Model.Image with
            {
                ClassToken = ClassToken.WithPosition,
                Positions = ImagePositions.Learned,
                Pooling = ImagePooling.PatchMean,
                FinalNorm = FinalNorm.AfterPooling,
                PatchBias = false,
                Activation = Activation.Gelu,
                LayerNormEps = 1e-5,
            },
            Text = TinyRun.Config.Model.Text with { Pooling = TextPooling.LastToken },
        },
    };

    [Theory]
    [MemberData(nameof(Models))]
    public void Gradients_equal_finite_differences_of_the_loss(string name)
    {
        var config = name == "FLIP" ? TinyRun.Config : Clipa;
        using var model = TinyRun.Model(config);
        var step = new TrainingStep(model, config.Train);
        var batch = TinyRun.Batch(8);
        step.ComputeGradient(batch, 0.5);
        var gradient = model.Parameters.Gradient.data<float>().ToArray();
        foreach (var parameter in model.Parameters.All.Where(p => !p.Name.EndsWith("qkv.bias", StringComparison.Ordinal)))
        {
            // The entry with the largest gradient stands highest above the rounding of an fp32 loss.
            var slice = gradient.AsSpan((int)parameter.Offset, (int)parameter.Count).ToArray();
            var at = parameter.Offset + Array.IndexOf(slice, slice.MaxBy(MathF.Abs));
            const float Delta = 2e-3f;
            var difference = (LossWith(at, Delta) - LossWith(at, -Delta)) / (2 * Delta);
            Assert.True(
                Math.Abs(difference - gradient[at]) < 5e-3 + (0.02 * Math.Abs(difference)),
                $"{parameter.Name}: {gradient[at]} against {difference}");
        }

        double LossWith(long at, float delta)
        {
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            var entry = model.Parameters.Master.narrow(0, at, 1);
            var before = entry.clone();
            entry.add_(delta);
            using (enable_grad())
            {
                var loss = step.ComputeGradient(batch, 0.5).Loss;
                entry.copy_(before);
                return loss;
            }
        }
    }

    [Fact]
    public void Removed_patches_do_not_reach_the_loss()
    {
        var config = TinyRun.Config with { Model = TinyRun.Config.Model with { Image = TinyRun.Config.Model.Image with { MaskKind = ImageMaskKind.Block } } };
        using var model = TinyRun.Model(config);
        var step = new TrainingStep(model, config.Train);
        var batch = TinyRun.Batch(4);
        var before = step.ComputeGradient(batch, 0.75).Loss;
        using var rows = PairRows.Of(batch, 0, 4, TinyRun.Layout(config), 0.75);
        var inputs = rows.Send();
        for (var image = 0; image < 4; image++)
        {
            var kept = inputs.ImageKeep![image].data<long>().ToArray();
            for (var pixel = 0; pixel < 256; pixel++)
            {
                var patch = (pixel / 16 / 4 * 4) + (pixel % 16 / 4);
                if (!kept.Contains(patch))
                {
                    batch.Images.AsSpan((image * 768) + (pixel * 3), 3).Fill(77);
                }
            }
        }

        Assert.Equal(before, step.ComputeGradient(batch, 0.75).Loss);
        batch.Images.AsSpan().Fill(77);
        Assert.NotEqual(before, step.ComputeGradient(batch, 0.75).Loss);
    }

    private static void AssertClose(Tensor expected, Tensor actual, double tolerance)
    {
        using var scope = NewDisposeScope();
        var scale = expected.abs().max().item<float>();
        var difference = (expected - actual).abs().max().item<float>();
        Assert.True(difference <= tolerance * scale, $"differs by {difference} of {scale}");
    }
}
