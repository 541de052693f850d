using Flip.Losses;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Losses;

/// <summary>The plain losses with autograd are the reference, in fp64; fp32 gradients agree to 1e-5 of their largest entry.</summary>
public sealed class ChunkedContrastiveLossTests : IDisposable
{
    private const double Tolerance = 1e-5;

    private readonly DisposeScope _scope = NewDisposeScope();

    public static TheoryData<int, int> Divisions => new()
    {
        { 1, 1 }, { 2, 1 }, { 13, 1 }, { 13, 4 }, { 13, 5 }, { 13, 12 }, { 13, 13 }, { 13, 100 }, { 64, 16 }, { 300, 77 },
    };

    public void Dispose() => _scope.Dispose();

    [Theory]
    [MemberData(nameof(Divisions))]
    public void InfoNce_equals_the_plain_loss_in_value_and_every_gradient(int batch, int chunk)
    {
        foreach (var factor in new[] { 0f, 1f, 14.3f, 100f })
        {
            var (images, texts) = Pairs(batch);
            AssertEqual(
                Plain(images, texts, factor, null),
                ChunkedContrastiveLoss.InfoNce(images, texts, tensor(new[] { factor }), chunk));
        }
    }

    [Theory]
    [MemberData(nameof(Divisions))]
    public void Sigmoid_equals_the_plain_loss_in_value_and_every_gradient(int batch, int chunk)
    {
        foreach (var (factor, bias) in new[] { (10f, -10f), (1f, 0f), (100f, 3f) })
        {
            var (images, texts) = Pairs(batch);
            AssertEqual(
                Plain(images, texts, factor, bias),
                ChunkedContrastiveLoss.Sigmoid(images, texts, tensor(new[] { factor }), tensor(new[] { bias }), chunk));
        }
    }

    [Fact]
    public void Two_hand_worked_pairs()
    {
        // Similarities [[1, 0], [0, 1]] and factor ln 3: each softmax gives the match 3/4, so each logit's gradient is ±1/8 · 2 / 2.
        var gradient = ChunkedContrastiveLoss.InfoNce(eye(2), eye(2), tensor(new[] { MathF.Log(3) }), 1);
        Assert.Equal(-Math.Log(0.75), gradient.Loss.item<double>(), 1e-6);
        Assert.Equal(-0.25, gradient.Factor.item<float>(), 1e-6);
        Assert.Equal(-0.125 * Math.Log(3), gradient.Images[0, 0].item<float>(), 1e-6);
        Assert.Equal(0.125 * Math.Log(3), gradient.Texts[0, 1].item<float>(), 1e-6);
    }

    [Fact]
    public void Two_calls_are_the_same_to_the_last_bit()
    {
        var (images, texts) = Pairs(200);
        var first = ChunkedContrastiveLoss.InfoNce(images, texts, tensor(new[] { 30f }), 64);
        var second = ChunkedContrastiveLoss.InfoNce(images, texts, tensor(new[] { 30f }), 64);
        Assert.Equal(first.Loss, second.Loss);
        Assert.Equal(first.Images.data<float>().ToArray(), second.Images.data<float>().ToArray());
        Assert.Equal(first.Texts.data<float>().ToArray(), second.Texts.data<float>().ToArray());
    }

    [Fact]
    public void Logits_of_any_size_stay_finite()
    {
        var (images, texts) = Pairs(5);
        var (factor, bias) = (tensor(new[] { 1e6f }), tensor(new[] { -10f }));
        foreach (var gradient in new[]
        {
            ChunkedContrastiveLoss.InfoNce(images, texts, factor, 2), ChunkedContrastiveLoss.Sigmoid(images, texts, factor, bias, 2),
        })
        {
            Assert.True(double.IsFinite(gradient.Loss.item<double>()));
            Assert.True(gradient.Images.isfinite().all().item<bool>() && gradient.Texts.isfinite().all().item<bool>());
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(4096, 4096)]
    [InlineData(4097, 4095)]
    [InlineData(32768, 512)]
    [InlineData(65536, 256)]
    public void The_automatic_chunk_bounds_the_logits(int batch, int chunk) =>
        Assert.Equal(chunk, ChunkedContrastiveLoss.AutomaticChunk(batch));

    [Fact]
    public void Embeddings_that_do_not_match_are_refused()
    {
        Assert.Throws<ArgumentException>(() => ChunkedContrastiveLoss.InfoNce(ones(2, 3), ones(3, 3), ones(1), 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => ChunkedContrastiveLoss.InfoNce(ones(2, 3), ones(2, 3), ones(1), 0));
    }

    private static Reference Plain(Tensor images, Tensor texts, float factor, float? bias)
    {
        Tensor Leaf(Tensor of) => of.to(ScalarType.Float64).detach().requires_grad_(true);
        var (i, t, f) = (Leaf(images), Leaf(texts), Leaf(tensor(new[] { factor })));
        var b = bias is { } value ? Leaf(tensor(new[] { value })) : null;
        var loss = b is null ? ContrastiveLoss.InfoNce(i, t, f) : ContrastiveLoss.Sigmoid(i, t, f, b);
        loss.backward();
        return new Reference(loss.item<double>(), [i.grad!, t.grad!, f.grad!, .. b is null ? Array.Empty<Tensor>() : [b.grad!]]);
    }

    private static void AssertEqual(Reference expected, ContrastiveGradient actual)
    {
        Assert.Equal(expected.Loss, actual.Loss.item<double>(), Tolerance * Math.Max(1, expected.Loss));
        Tensor[] gradients = [actual.Images, actual.Texts, actual.Factor, .. actual.Bias is null ? Array.Empty<Tensor>() : [actual.Bias]];
        Assert.Equal(expected.Gradients.Length, gradients.Length);
        foreach (var (e, a) in expected.Gradients.Zip(gradients))
        {
            Assert.Equal(e.shape, a.shape);
            var scale = Math.Max(e.abs().max().item<double>(), 1e-3); // fp32 logits of 100 have a rounding of 1e-5 themselves
            Assert.InRange((e - a.to(ScalarType.Float64)).abs().max().item<double>(), 0, Tolerance * scale);
        }
    }

    private static (Tensor Images, Tensor Texts) Pairs(int count)
    {
        var generator = new Generator(1);
        return (
            nn.functional.normalize(randn(count, 8, generator: generator)), nn.functional.normalize(randn(count, 8, generator: generator)));
    }

    private sealed record Reference(double Loss, Tensor[] Gradients);
}
