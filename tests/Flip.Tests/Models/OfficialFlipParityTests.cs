using Flip.Config;
using Flip.Losses;
using Flip.Masking;
using Flip.Models;
using Flip.Optim;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Models;

/// <summary>Our towers against golden values of the official FLIP code, to the tolerances that its fp32 rounding allows.</summary>
public sealed class OfficialFlipParityTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public static TheoryData<string> Fixtures => ["flip-tiny", "flip-paper-tiny"];

    public void Dispose() => _scope.Dispose();

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void Unmasked_outputs_equal_the_reference(string name)
    {
        using var fixture = new OfficialFlipFixture(name);
        using var model = fixture.Model();
        using var noGrad = no_grad();
        AssertClose(fixture.Output("patch_embedding"), model.PatchEmbedding(fixture.Images), 1e-5);
        AssertClose(fixture.Output("image_tokens"), model.ImageTokens(fixture.Images), 1e-5);
        AssertClose(fixture.Output("text_tokens"), model.TextTokens(fixture.Tokens, fixture.Lengths), 1e-5);
        var images = model.EncodeImage(fixture.Images);
        var texts = model.EncodeText(fixture.Tokens, fixture.Lengths);
        AssertClose(fixture.Output("unmasked/image_embedding"), images, 2e-6);
        AssertClose(fixture.Output("text_embedding"), texts, 2e-6);
        AssertClose(fixture.Output("unmasked/logits"), ContrastiveLoss.Logits(images, texts, model.LogitFactor()), 5e-5);
        AssertClose(fixture.Output("unmasked/loss"), ContrastiveLoss.InfoNce(images, texts, model.LogitFactor()), 1e-5);
    }

    [Theory]
    [InlineData("flip-tiny", 0.5)]
    [InlineData("flip-tiny", 0.75)]
    [InlineData("flip-paper-tiny", 0.5)]
    [InlineData("flip-paper-tiny", 0.75)]
    public void Masked_outputs_equal_the_reference(string name, double ratio)
    {
        using var fixture = new OfficialFlipFixture(name);
        using var model = fixture.Model();
        using var noGrad = no_grad();
        var prefix = FormattableString.Invariant($"mask_{ratio:0.00}");
        var (keep, restore) = Mask(fixture, ratio);
        Assert.Equal(fixture.Output($"{prefix}/ids_keep").to(ScalarType.Int64).data<long>().ToArray(), keep.data<long>().ToArray());
        Assert.Equal(fixture.Output($"{prefix}/ids_restore").to(ScalarType.Int64).data<long>().ToArray(), restore.data<long>().ToArray());
        AssertClose(fixture.Output($"{prefix}/mask"), restore.ge(keep.shape[1]).to(ScalarType.Float32), 0);

        var images = model.EncodeImage(fixture.Images, keep);
        var texts = model.EncodeText(fixture.Tokens, fixture.Lengths);
        AssertClose(fixture.Output($"{prefix}/image_embedding"), images, 2e-6);
        AssertClose(fixture.Output($"{prefix}/logits"), ContrastiveLoss.Logits(images, texts, model.LogitFactor()), 5e-5);
        AssertClose(fixture.Output($"{prefix}/loss"), ContrastiveLoss.InfoNce(images, texts, model.LogitFactor()), 1e-5);
    }

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void Every_gradient_equals_the_reference(string name)
    {
        using var fixture = new OfficialFlipFixture(name);
        using var model = fixture.Model();
        MaskedLoss(fixture, model).backward();
        foreach (var parameter in model.Parameters.All)
        {
            var expected = fixture.Gradient(parameter);
            var tolerance = Math.Max(1e-8, 2e-5 * expected.abs().max().item<float>());
            AssertClose(expected, parameter.Gradient, tolerance, parameter.Name);
        }
    }

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void One_AdamW_step_from_the_stored_gradients_equals_the_reference(string name)
    {
        using var fixture = new OfficialFlipFixture(name);
        using var model = fixture.Model();
        using var optimizer = new AdamW(model.Parameters, new AdamWOptions(0.9, 0.95, 1e-8, 0.2));
        foreach (var parameter in model.Parameters.All)
        {
            parameter.Gradient.copy_(fixture.Gradient(parameter));
        }

        optimizer.Step(1e-3);
        foreach (var parameter in model.Parameters.All)
        {
            AssertClose(fixture.AfterAdamW(parameter), parameter.Master, 2e-7, parameter.Name);
        }
    }

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void Five_steps_follow_the_reference_losses(string name)
    {
        using var fixture = new OfficialFlipFixture(name);
        using var model = fixture.Model();
        using var optimizer = new AdamW(model.Parameters, new AdamWOptions(0.9, 0.95, 1e-8, 0.2));
        var expected = fixture.Output("mask_0.50/loss_trajectory").data<float>().ToArray();
        for (var step = 0; step < expected.Length; step++)
        {
            model.Parameters.ZeroGradient();
            var loss = MaskedLoss(fixture, model);
            Assert.Equal(expected[step], loss.item<float>(), 1e-3 * expected[step]);
            loss.backward();
            optimizer.Step(1e-3);
        }
    }

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void A_logit_scale_beyond_the_bound_is_clamped_and_has_no_gradient(string name)
    {
        using var fixture = new OfficialFlipFixture(name);
        using var model = fixture.Model();
        using (no_grad())
        {
            model.LogitScale.Master.fill_(5);
        }

        var loss = MaskedLoss(fixture, model);
        AssertClose(fixture.Output("mask_0.50/loss_with_logit_scale_5"), loss, 1e-4);
        loss.backward();
        Assert.Equal(0f, model.LogitScale.Gradient.item<float>());
    }

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void The_sine_cosine_table_equals_the_checkpoints(string name)
    {
        using var fixture = new OfficialFlipFixture(name);
        var table = fixture.Weight("img_encoder/posembed_encoder/pos_embedding").squeeze(0);
        var patches = table.narrow(0, table.shape[0] - 16, 16);
        AssertClose(patches, tensor(PositionEmbedding.SinCos(4, 64, 4)).view(16, 64), 1e-6);
    }

    [Fact]
    public void Weight_decay_applies_to_what_the_official_code_decays()
    {
        using var fixture = new OfficialFlipFixture("flip-tiny");
        using var model = fixture.Model();
        var config = System.Text.Json.JsonDocument.Parse(File.ReadAllText(SharedData.Golden("flip-tiny/config.json"))).RootElement;
        var decayed = config.GetProperty("decayed").EnumerateArray().Select(e => e.GetString()!).ToHashSet();
        foreach (var parameter in model.Parameters.All)
        {
            OfficialFlipFixture.InOurLayout(parameter.Name, official =>
            {
                Assert.Equal(decayed.Contains(official), parameter.Decays);
                return fixture.Weight(official);
            });
        }
    }

    private static Tensor MaskedLoss(OfficialFlipFixture fixture, FlipModel model) => ContrastiveLoss.InfoNce(
        model.EncodeImage(fixture.Images, Mask(fixture, 0.5).Keep), model.EncodeText(fixture.Tokens, fixture.Lengths), model.LogitFactor());

    private static (Tensor Keep, Tensor Restore) Mask(OfficialFlipFixture fixture, double ratio)
    {
        var kept = MaskRatio.Kept(16, ratio);
        var orders = fixture.MaskNoise.Chunk(16).Select(noise => Enumerable.Range(0, 16).OrderBy(i => noise[i]).Select(i => (long)i).ToArray()).ToArray();
        return (
            tensor(orders.SelectMany(order => order[..kept]).ToArray()).view(6, kept),
            tensor(orders.SelectMany(order => PatchMask.Restore(order)).ToArray()).view(6, 16));
    }

    private static void AssertClose(Tensor expected, Tensor actual, double tolerance, string what = "")
    {
        Assert.Equal(expected.numel(), actual.numel());
        var difference = (expected.view(-1) - actual.detach().reshape(-1)).abs().max().item<float>();
        Assert.True(difference <= tolerance, $"{what} differs by {difference}, allowed {tolerance}");
    }
}
