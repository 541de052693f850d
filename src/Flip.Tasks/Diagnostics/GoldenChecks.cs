using Flip.Losses;
using Flip.Optim;
using static TorchSharp.torch;

namespace Flip.Tasks.Diagnostics;

/// <summary>
/// Checks against official FLIP. What is allowed is five times the tolerance of the tests on the processor: another device adds in another order.
/// </summary>
internal static class GoldenChecks
{
    private const double Embedding = 1e-5;
    private const double Logits = 2.5e-4;
    private const double Loss = 5e-5;
    private const double Gradient = 1e-4; // of the largest entry
    private const double Weight = 1e-6;
    private const double OfBf16 = 0.03; // eight bits of a mantissa, through two blocks; embeddings have length 1

    public static void Whole(Device device, Comparison found)
    {
        using var golden = new GoldenModel(device);
        using var model = golden.Model();
        using var noGrad = no_grad();
        var (images, texts) = (model.EncodeImage(golden.Images), golden.EncodeTexts(model));
        found.Add("image embeddings", golden.Output("unmasked/image_embedding"), images, Embedding);
        found.Add("text embeddings", golden.Output("text_embedding"), texts, Embedding);
        found.Add("logits", golden.Output("unmasked/logits"), ContrastiveLoss.Logits(images, texts, model.LogitFactor()), Logits);
        found.Add("loss", golden.Output("unmasked/loss"), ContrastiveLoss.InfoNce(images, texts, model.LogitFactor()), Loss);
    }

    public static void Masked(Device device, Comparison found)
    {
        using var golden = new GoldenModel(device);
        using var model = golden.Model();
        using var noGrad = no_grad();
        foreach (var ratio in new[] { 0.5, 0.75 })
        {
            var name = FormattableString.Invariant($"mask_{ratio:0.00}");
            var (images, texts) = (model.EncodeImage(golden.Images, golden.Keep(ratio)), golden.EncodeTexts(model));
            found.Add($"image embeddings at a mask of {ratio}", golden.Output($"{name}/image_embedding"), images, Embedding);
            found.Add($"loss at a mask of {ratio}", golden.Output($"{name}/loss"), ContrastiveLoss.InfoNce(images, texts, model.LogitFactor()), Loss);
        }
    }

    public static void Gradients(Device device, Comparison found)
    {
        using var golden = new GoldenModel(device);
        using var model = golden.Model();
        golden.MaskedLoss(model).backward();
        foreach (var parameter in model.Parameters.All)
        {
            found.AddRelative(parameter.Name, golden.Gradient(parameter), parameter.Gradient, Gradient);
        }
    }

    public static void Update(Device device, Comparison found)
    {
        using var golden = new GoldenModel(device);
        using var model = golden.Model();
        using var optimizer = new AdamW(model.Parameters, new AdamWOptions(0.9, 0.95, 1e-8, 0.2));
        foreach (var parameter in model.Parameters.All)
        {
            parameter.Gradient.copy_(golden.Gradient(parameter));
        }

        optimizer.Step(1e-3);
        foreach (var parameter in model.Parameters.All)
        {
            found.Add(parameter.Name, golden.Updated(parameter), parameter.Master, Weight);
        }
    }

    public static void Bf16(Device device, Comparison found)
    {
        using var golden = new GoldenModel(device);
        using var model = golden.Model(ScalarType.BFloat16);
        using var noGrad = no_grad();
        found.Add("image embeddings", golden.Output("mask_0.50/image_embedding"), model.EncodeImage(golden.Images, golden.Keep(0.5)), OfBf16);
        found.Add("text embeddings", golden.Output("text_embedding"), golden.EncodeTexts(model), OfBf16);
    }
}
