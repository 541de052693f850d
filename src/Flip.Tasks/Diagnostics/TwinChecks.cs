using Flip.Config;
using Flip.Devices;
using Flip.Losses;
using Flip.Models;
using Flip.Native;
using Flip.Optim;
using Flip.Training;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Flip.Tasks.Diagnostics;

/// <summary>Every fast path against its slow twin, in value and gradient.</summary>
internal static class TwinChecks
{
    private const double Value = 2e-6;
    private const double Gradient = 1e-4; // of the largest entry
    private const double OfBf16 = 0.02;

    /// <summary>libtorch's attention, which a GPU has several of: without a mask, with one, and causal.</summary>
    public static void Attention(Device device, Comparison found)
    {
        foreach (var type in new[] { ScalarType.Float32, ScalarType.BFloat16 })
        {
            var (value, gradient) = type == ScalarType.Float32 ? (Value, Gradient) : (OfBf16, OfBf16);
            foreach (var (name, masked, causal) in new[] { ("all", false, false), ("masked", true, false), ("causal", false, true) })
            {
                var mask = masked ? DeviceTraffic.Send<long>([24, 7], device, 2, 1, 1, 1).gt(TensorMath.Range(24, device)) : null;
                var (fast, slow) = (Heads(device, type), Heads(device, ScalarType.Float32));
                var attended = functional.scaled_dot_product_attention(fast[0], fast[1], fast[2], mask, 0, causal);
                var expected = Models.Attention.Attend(slow[0], slow[1], slow[2], mask, causal);
                found.Add($"{name}, {type}", expected, attended, value);
                attended.to(ScalarType.Float32).Squared().sum().backward();
                expected.Squared().sum().backward();
                for (var i = 0; i < 3; i++)
                {
                    found.AddRelative($"{name}, {type}, gradient {i}", slow[i].grad!, fast[i].grad!, gradient);
                }
            }
        }
    }

    /// <summary>Copies of kept patches are what the device gathers from whole images.</summary>
    public static void Patches(Device device, Comparison found)
    {
        var batch = SamplePairs.Batch(8, 0);
        using var model = SamplePairs.Model(device);
        using var rows = PairRows.Of(batch, 0, 8, SamplePairs.Layout(device), 0.5);
        using var noGrad = no_grad();
        var inputs = rows.Send();
        var whole = DeviceTraffic.Send<byte>(batch.Images, device, 8, batch.ImageSize, batch.ImageSize, 3);
        found.Add("embeddings", model.EncodeImage(whole, inputs.ImageKeep), model.EncodePatches(inputs.Patches, inputs.ImageKeep), Value);
    }

    /// <summary>Groups of texts give what padded rows give.</summary>
    public static void Texts(Device device, Comparison found)
    {
        var batch = SamplePairs.Batch(16, 0);
        using var model = SamplePairs.Model(device);
        using var noGrad = no_grad();
        var padded = model.EncodeText(
            DeviceTraffic.Send<long>([.. batch.Tokens.Select(token => (long)token)], device, 16, batch.TextLength),
            DeviceTraffic.Send<long>([.. batch.Lengths.Select(length => (long)length)], device, 16));
        foreach (var tokens in new[] { 1, 20, 1000 })
        {
            var rows = TextRows.Of(SamplePairs.Config.Model.Text, batch.Tokens, batch.Lengths, null, device, tokens);
            found.Add($"groups of {tokens} tokens", padded, model.EncodeText(rows), Value);
        }
    }

    /// <summary>Losses over chunks of the logits.</summary>
    public static void Losses(Device device, Comparison found)
    {
        foreach (var sigmoid in new[] { false, true })
        {
            var leaves = Embeddings(device);
            var bias = zeros(1, device: device).Plus_(-2).requires_grad_(true);
            var loss = sigmoid ? ContrastiveLoss.Sigmoid(leaves[0], leaves[1], leaves[2], bias) : ContrastiveLoss.InfoNce(leaves[0], leaves[1], leaves[2]);
            loss.backward();
            var chunks = sigmoid
                ? ChunkedContrastiveLoss.Sigmoid(leaves[0].detach(), leaves[1].detach(), leaves[2].detach(), bias.detach(), 5)
                : ChunkedContrastiveLoss.InfoNce(leaves[0].detach(), leaves[1].detach(), leaves[2].detach(), 5);
            var name = sigmoid ? "sigmoid" : "InfoNCE";
            found.Add($"{name} loss", loss.view(1), chunks.Loss, 1e-4);
            found.AddRelative($"{name}, gradient of images", leaves[0].grad!, chunks.Images, Gradient);
            found.AddRelative($"{name}, gradient of texts", leaves[1].grad!, chunks.Texts, Gradient);
            found.AddRelative($"{name}, gradient of the factor", leaves[2].grad!, chunks.Factor, Gradient);
        }
    }

    /// <summary>GradCache gives the gradient of the whole batch.</summary>
    public static void Parts(Device device, Comparison found) => CompareSteps(device, found, train => train with { MicroBatch = 5 });

    /// <summary>Blocks that the backward pass computes again give the same gradient.</summary>
    public static void Recomputed(Device device, Comparison found) => CompareSteps(device, found, train => train with { CheckpointBlocks = 1 });

    /// <summary>Three updates by the path of this device, and by libtorch's fused one where it can be reached, against operations one by one.</summary>
    public static void Update(Device device, Comparison found)
    {
        var options = new AdamWOptions(0.9, 0.95, 1e-8, 0.2);
        Tensor Updated(Action<AdamW> step)
        {
            using var model = SamplePairs.Model(device);
            using var optimizer = new AdamW(model.Parameters, options, parameter => parameter.Name.StartsWith("text.", StringComparison.Ordinal) ? 0.5 : 1);
            for (var i = 1; i <= 3; i++)
            {
                using var noGrad = no_grad();
                model.Parameters.Gradient.copy_(model.Parameters.Master).Times_(0.1f * i);
                step(optimizer);
            }

            return model.Parameters.Master.clone();
        }

        var expected = Updated(optimizer =>
        {
            optimizer.Steps++;
            optimizer.StepByOperations(1e-3, 0.5);
        });
        found.Add("this device's update", expected, Updated(optimizer => optimizer.Step(1e-3, 0.5)), 2e-6);
        if (LibTorchDispatcher.Loaded is { } dispatcher)
        {
            found.Add(
                "libtorch's fused update",
                expected,
                Updated(optimizer =>
                {
                    optimizer.Steps++;
                    optimizer.StepByLibtorch(dispatcher, 1e-3, 0.5);
                }),
                2e-6);
        }
    }

    /// <summary>Gradients in bf16 are added to fp32 and cleared.</summary>
    public static void Gathering(Device device, Comparison found)
    {
        using var model = SamplePairs.Model(device, ScalarType.BFloat16);
        var parameter = model.Parameters.All[0];
        var gradient = parameter.Value.grad!;
        gradient.SetTo_(0.25);
        model.Parameters.AccumulateGradient();
        gradient.SetTo_(0.5);
        model.Parameters.AccumulateGradient();
        found.Add("the sum", zeros_like(parameter.Gradient).Plus_(0.75), parameter.Gradient, 1e-6);
        found.Add("what was added", zeros_like(parameter.Gradient), gradient.to(ScalarType.Float32), 1e-6);
    }

    private static void CompareSteps(Device device, Comparison found, Func<TrainConfig, TrainConfig> change)
    {
        using var model = SamplePairs.Model(device);
        var batch = SamplePairs.Batch(16, 0);
        var whole = new TrainingStep(model, SamplePairs.Config.Train).ComputeGradient(batch, 0.5);
        var expected = model.Parameters.Gradient.clone();
        var other = new TrainingStep(model, change(SamplePairs.Config.Train)).ComputeGradient(batch, 0.5);
        found.Add("the loss", whole.Loss, other.Loss, 2e-5);
        found.AddRelative("the gradient", expected, model.Parameters.Gradient, Gradient);
    }

    private static Tensor[] Heads(Device device, ScalarType type) =>
        [.. Enumerable.Range(0, 3).Select(i => Numbers(2 * 3 * 24 * 64, i).view(2, 3, 24, 64).to(device).to(type).detach().requires_grad_(true))];

    private static Tensor[] Embeddings(Device device) =>
    [
        functional.normalize(Numbers(16 * 8, 1).view(16, 8), dim: 1).to(device).detach().requires_grad_(true),
        functional.normalize(Numbers(16 * 8, 2).view(16, 8), dim: 1).to(device).detach().requires_grad_(true),
        zeros(1, device: device).Plus_(10).requires_grad_(true),
    ];

    private static Tensor Numbers(long count, int seed) => rand(count, generator: new Generator((ulong)seed + 1)).Plus_(-0.5);
}
