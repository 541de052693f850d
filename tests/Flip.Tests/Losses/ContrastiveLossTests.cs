using Flip.Losses;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Losses;

public sealed class ContrastiveLossTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void InfoNce_of_two_hand_worked_pairs()
    {
        // Similarities [[1, 0], [0, 1]] and factor ln 3: each softmax gives the match 3/4.
        var embeddings = eye(2);
        var loss = ContrastiveLoss.InfoNce(embeddings, embeddings, tensor(new[] { MathF.Log(3) }));
        Assert.Equal(-Math.Log(0.75), loss.item<float>(), 1e-6);
    }

    [Fact]
    public void InfoNce_of_equal_embeddings_is_ln_of_the_batch()
    {
        var embeddings = ones(16, 4) / 2;
        Assert.Equal(Math.Log(16), ContrastiveLoss.InfoNce(embeddings, embeddings, tensor(new[] { 100f })).item<float>(), 1e-4);
    }

    [Fact]
    public void InfoNce_is_symmetric_in_images_and_texts()
    {
        var (images, texts) = Pairs(9);
        var factor = tensor(new[] { 14f });
        Assert.Equal(
            ContrastiveLoss.InfoNce(images, texts, factor).item<float>(), ContrastiveLoss.InfoNce(texts, images, factor).item<float>(), 1e-5);
    }

    [Fact]
    public void Logits_of_any_size_stay_finite()
    {
        var (images, texts) = Pairs(5);
        Assert.True(float.IsFinite(ContrastiveLoss.InfoNce(images, texts, tensor(new[] { 1e6f })).item<float>()));
        Assert.True(float.IsFinite(ContrastiveLoss.Sigmoid(images, texts, tensor(new[] { 1e6f }), tensor(new[] { -10f })).item<float>()));
    }

    [Fact]
    public void Sigmoid_equals_its_definition()
    {
        var (images, texts) = Pairs(5);
        var logits = (images.mm(texts.t()) * 10 - 10).data<float>().ToArray();
        var expected = 0.0;
        for (var i = 0; i < 25; i++)
        {
            var sign = i / 5 == i % 5 ? 1 : -1;
            expected += Math.Log(1 + Math.Exp(-sign * (double)logits[i])) / 5;
        }

        Assert.Equal(expected, ContrastiveLoss.Sigmoid(images, texts, tensor(new[] { 10f }), tensor(new[] { -10f })).item<float>(), 1e-4);
    }

    [Fact]
    public void Embeddings_of_different_width_are_refused() =>
        Assert.Throws<ArgumentException>(() => ContrastiveLoss.InfoNce(ones(2, 3), ones(2, 4), ones(1)));

    private static (Tensor Images, Tensor Texts) Pairs(int count)
    {
        var generator = new Generator(1);
        return (
            nn.functional.normalize(randn(count, 8, generator: generator)), nn.functional.normalize(randn(count, 8, generator: generator)));
    }
}
