using Flip.Config;
using Flip.Models;
using Flip.Optim;

namespace Flip.Tests.Optim;

public class LayerDecayTests
{
    [Theory]
    [InlineData("image.patchEmbedding.weight", 0)]
    [InlineData("image.positions", 0)]
    [InlineData("image.classToken", 0)]
    [InlineData("image.preNorm.bias", 0)]
    [InlineData("image.blocks.0.norm1.weight", 1)]
    [InlineData("image.blocks.11.mlp.fc2.bias", 12)]
    [InlineData("image.finalNorm.weight", 13)]
    [InlineData("image.projection.weight", 13)]
    [InlineData("head.weight", 13)]
    public void Layers_of_a_vit_are_numbered_from_the_patches_to_the_head(string parameter, int layer) =>
        Assert.Equal(layer, new LayerDecay(12, 0.75).LayerOf(parameter));

    [Fact]
    public void The_head_has_the_whole_rate_and_each_layer_below_three_quarters_of_the_one_above()
    {
        using var classifier = new ImageClassifier(
            new ModelConfig { Image = new ImageConfig { ImageSize = 8, PatchSize = 4, Width = 8, Depth = 2, Heads = 2 } }, 3, ClassifierHead.Random);
        var decay = new LayerDecay(2, 0.75);
        double FactorOf(string name) => decay.Factor(classifier.Parameters.Find(name)!);
        Assert.Equal(1, FactorOf("head.bias"));
        Assert.Equal(0.75, FactorOf("image.blocks.1.attention.qkv.weight"));
        Assert.Equal(0.5625, FactorOf("image.blocks.0.mlp.fc1.weight"));
        Assert.Equal(0.421875, FactorOf("image.patchEmbedding.bias"));
    }
}
