using Flip.Config;
using Flip.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Models;

/// <summary>Attention pooling against plain products, one image and one head at a time; its gradient, masks, cost and parameters.</summary>
public sealed class AttentionPoolingTests : IDisposable
{
    private static readonly ModelConfig Tiny = new()
    {
        Image = new()
        {
            ImageSize = 8,
            PatchSize = 2,
            Width = 8,
            Depth = 1,
            Heads = 2,
            MlpRatio = 1.5,
            Positions = ImagePositions.Learned,
            Pooling = ImagePooling.Attention,
            Projection = false,
        },
        Text = new() { VocabularySize = 11, Length = 5, Width = 8, Depth = 1, Heads = 2, ProjectionBias = true, Pooling = TextPooling.LastToken },
        EmbedDim = 8,
    };

    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void It_is_attention_of_one_query_and_an_MLP()
    {
        using var model = Noisy(Tiny);
        using var noGrad = no_grad();
        var images = rand(3, 8, 8, 3);
        var tokens = model.ImageTokens(images);
        Assert.InRange((model.PooledImage(images) - Slow(model, tokens)).abs().max().ToSingle(), 0, 2e-6);
    }

    [Fact]
    public void Removed_patches_are_not_looked_at()
    {
        using var model = Noisy(Tiny);
        using var noGrad = no_grad();
        var images = rand(2, 8, 8, 3);
        var keep = tensor(new long[] { 0, 5, 6, 15, 3, 4, 8, 9 }).view(2, 4);
        var changed = images.clone();
        changed[0, TensorIndex.Slice(2, 4), TensorIndex.Slice(0, 2)] = 0.5f; // patch 4 of the first image, which is removed there
        Assert.True(model.EncodeImage(images, keep).equal(model.EncodeImage(changed, keep)).all().item<bool>());
        Assert.False(model.EncodeImage(images).equal(model.EncodeImage(changed)).all().item<bool>());
    }

    [Fact]
    public void The_gradient_of_every_parameter_is_that_of_the_slow_twin()
    {
        using var model = Noisy(Tiny);
        var images = rand(3, 8, 8, 3);
        var weights = rand(3, 8);
        Gradients(model, (model.PooledImage(images) * weights).sum(), out var fast);
        Gradients(model, (Slow(model, model.ImageTokens(images)) * weights).sum(), out var slow);
        Assert.Equal(11, fast.Count(gradient => gradient.Key.StartsWith("image.pooling.", StringComparison.Ordinal)));
        Assert.All(fast, gradient => Assert.InRange((gradient.Value - slow[gradient.Key]).abs().max().ToSingle(), 0, 2e-5));
        Assert.All(fast.Where(gradient => gradient.Key.StartsWith("image.pooling.", StringComparison.Ordinal)), gradient =>
            Assert.True(gradient.Value.abs().max().ToSingle() > 0, gradient.Key));
    }

    [Fact]
    public void A_derivative_is_what_a_small_step_changes()
    {
        using var model = Noisy(Tiny);
        var images = rand(2, 8, 8, 3);
        var weights = rand(2, 8);
        Gradients(model, (model.PooledImage(images) * weights).sum(), out var gradients);
        foreach (var name in (string[])["image.pooling.latent", "image.pooling.attention.qkv.weight", "image.pooling.attention.qkv.bias"])
        {
            var (parameter, direction) = (model.Parameters.Find(name)!, randn(gradients[name].shape));
            var expected = (gradients[name] * direction).sum().ToSingle();
            var change = (At(1e-2f) - At(-1e-2f)) / 2e-2f;
            Assert.InRange(Math.Abs(change - expected), 0, 0.02 * Math.Max(1, Math.Abs(expected)));

            float At(float step)
            {
                using var noGrad = no_grad();
                model.Parameters.Change(parameter, value => value.view(direction.shape).add_(direction * step));
                var value = (model.PooledImage(images) * weights).sum().ToSingle();
                model.Parameters.Change(parameter, value => value.view(direction.shape).add_(direction * -step));
                return value;
            }
        }
    }

    [Fact]
    public void The_query_does_not_decay_and_products_do()
    {
        using var model = Noisy(Tiny);
        Assert.Equal(
            ["attention.out.weight", "attention.qkv.weight", "mlp.fc1.weight", "mlp.fc2.weight"],
            model.Parameters.All.Where(parameter => parameter.Decays && parameter.Name.StartsWith("image.pooling.", StringComparison.Ordinal))
                .Select(parameter => parameter.Name["image.pooling.".Length..]).Order());
        Assert.DoesNotContain(model.Parameters.All, parameter => parameter.Name == "image.projection.weight");
        Assert.False(model.Parameters.Find("text.projection.bias")!.Decays);
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.5)]
    public void Its_parameters_and_operations_are_counted(double maskRatio)
    {
        var cost = ModelCost.Of(Tiny, imageMaskRatio: maskRatio);
        Assert.Equal(FlipModel.Declare(Tiny, LossKind.InfoNce).Sum(parameter => parameter.Shape.Aggregate(1L, (product, size) => product * size)), cost.Parameters);
        var mean = ModelCost.Of(Tiny with { Image = Tiny.Image with { Pooling = ImagePooling.Mean } }, imageMaskRatio: maskRatio);
        var tokens = maskRatio == 0 ? 16 : 8;
        const int width = 8, mlp = 12;
        Assert.Equal((4 * tokens * width * width) + (4 * tokens * width) + (2 * width * width) + (4 * width * mlp), cost.ForwardFlops - mean.ForwardFlops);
    }

    [Fact]
    public void In_bf16_it_is_nearly_the_same()
    {
        using var model = Noisy(Tiny);
        using var rounded = new FlipModel(Tiny, computeType: ScalarType.BFloat16, seed: 3);
        using var noGrad = no_grad();
        foreach (var parameter in model.Parameters.All)
        {
            rounded.Parameters.Change(rounded.Parameters.Find(parameter.Name)!, value => value.view(parameter.Shape).copy_(parameter.Master));
        }

        rounded.Parameters.CastToCompute();
        var images = rand(3, 8, 8, 3);
        Assert.InRange((model.EncodeImage(images) - rounded.EncodeImage(images)).abs().max().ToSingle(), 1e-6, 0.05);
    }

    [Fact]
    public void A_zero_shot_head_reads_the_feature_as_the_embedding()
    {
        using var model = Noisy(Tiny);
        using var classifier = new ImageClassifier(Tiny, 8, ClassifierHead.ZeroShot, seed: null);
        using var noGrad = no_grad();
        foreach (var parameter in classifier.TowerParameters)
        {
            parameter.Master.copy_(model.Parameters.Find(parameter.Name)!.Master);
        }

        classifier.SetHead(eye(8).data<float>().ToArray());
        var images = rand(3, 8, 8, 3);
        Assert.Equal(8, classifier.FeatureDim);
        Assert.True(model.EncodeImage(images).equal(classifier.Logits(images)).all().item<bool>());
    }

    [Fact]
    public void Pixels_behind_the_last_whole_patch_are_not_seen()
    {
        using var whole = Noisy(Tiny);
        using var larger = Noisy(Tiny with { Image = Tiny.Image with { ImageSize = 9 } });
        using var noGrad = no_grad();
        var images = rand(2, 9, 9, 3);
        var seen = images.narrow(1, 0, 8).narrow(2, 0, 8).contiguous();
        Assert.True(whole.EncodeImage(seen).equal(larger.EncodeImage(images)).all().item<bool>());

        var pixels = Enumerable.Range(0, 9 * 9 * 3).Select(i => (byte)i).ToArray();
        var cut = tensor(pixels).view(9, 9, 3).narrow(0, 0, 8).narrow(1, 0, 8).contiguous().data<byte>().ToArray();
        var (ofLarger, ofCut) = (new byte[2 * 12], new byte[2 * 12]);
        Patches.Copy(pixels, 9, 4, 2, [3, 12], ofLarger);
        Patches.Copy(cut, 8, 4, 2, [3, 12], ofCut);
        Assert.Equal(ofCut, ofLarger);
    }

    private static FlipModel Noisy(ModelConfig config)
    {
        var model = new FlipModel(config, seed: 3);
        using var noGrad = no_grad();
        random.manual_seed(5);
        foreach (var parameter in model.Parameters.All)
        {
            model.Parameters.Change(parameter, value => value.add_(randn(value.shape) * 0.2f));
        }

        model.Parameters.CastToCompute();
        return model;
    }

    private static void Gradients(FlipModel model, Tensor loss, out Dictionary<string, Tensor> gradients)
    {
        model.Parameters.Gradient.zero_();
        loss.backward();
        gradients = model.Parameters.All.Where(parameter => parameter.Name.StartsWith("image.", StringComparison.Ordinal))
            .ToDictionary(parameter => parameter.Name, parameter => parameter.Gradient.clone());
    }

    /// <summary>The formula, image by image and head by head.</summary>
    private static Tensor Slow(FlipModel model, Tensor tokens)
    {
        Tensor Of(string name) => model.Parameters.Find("image.pooling." + name)!.Value;
        const int width = 8, headDim = 4;
        var (weight, bias) = (Of("attention.qkv.weight"), Of("attention.qkv.bias"));
        var query = weight[TensorIndex.Slice(0, width)].mv(Of("latent")) + bias[TensorIndex.Slice(0, width)];
        var rows = new List<Tensor>();
        foreach (var x in tokens.unbind(0))
        {
            var keys = x.mm(weight[TensorIndex.Slice(width, 2 * width)].t()) + bias[TensorIndex.Slice(width, 2 * width)];
            var values = x.mm(weight[TensorIndex.Slice(2 * width, 3 * width)].t()) + bias[TensorIndex.Slice(2 * width, 3 * width)];
            var heads = Enumerable.Range(0, width / headDim).Select(head =>
            {
                var of = TensorIndex.Slice(head * headDim, (head + 1) * headDim);
                var scores = keys[TensorIndex.Ellipsis, of].mv(query[of]) / Math.Sqrt(headDim);
                return values[TensorIndex.Ellipsis, of].t().mv(scores.softmax(0));
            });
            var attended = Of("attention.out.weight").mv(cat([.. heads], 0)) + Of("attention.out.bias");
            var centred = attended - attended.mean();
            var normal = (centred / (centred.square().mean() + model.Config.LayerNormEps).sqrt() * Of("norm.weight")) + Of("norm.bias");
            var hidden = nn.functional.gelu(Of("mlp.fc1.weight").mv(normal) + Of("mlp.fc1.bias"), TorchSharp.Modules.GELU.Approximate.tanh);
            rows.Add(attended + Of("mlp.fc2.weight").mv(hidden) + Of("mlp.fc2.bias"));
        }

        return stack(rows, 0);
    }
}
