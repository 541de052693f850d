using Flip.Config;
using Flip.Models;

namespace Flip.Tests.Config;

public class ModelCostTests
{
    [Fact]
    public void A_model_small_enough_to_count_by_hand_costs_what_the_hand_says()
    {
        var model = new ModelConfig
        {
            Image = new() { ImageSize = 4, PatchSize = 2, Width = 4, Depth = 1, Heads = 1, MlpRatio = 2, MaskRatio = 0.5 },
            Text = new() { VocabularySize = 10, Length = 3, Width = 2, Depth = 2, Heads = 1, MlpRatio = 2 },
            EmbedDim = 5,
        };
        var cost = ModelCost.Of(model);

        // Image: 4 patches of 12 values, 2 kept. Patch: 12·4 + 4. Positions 4·4. Block: q, k, v, out 4·16 + 16 biases, MLP
        // 4·8 + 8 and 8·4 + 4, two norms of 8. Last norm 8.
        Assert.Equal(2, cost.Image.Tokens);
        Assert.Equal(52 + 16 + (80 + 40 + 36 + 16) + 8, cost.Image.Parameters);

        // Patch 2·2·48; weights 2·2·128; scores and weighted values 2·2·(2·2·4).
        Assert.Equal(192 + 512 + 64, cost.Image.ForwardFlops);

        // Text: table 10·2, positions 3·2, norm 4; a block: 4·4 + 8, 2·4 + 4, 4·2 + 2, 8.
        Assert.Equal(20 + 6 + 4 + (2 * (24 + 12 + 10 + 8)), cost.Text.Parameters);
        Assert.Equal(2 * ((2 * 3 * 32) + (2 * 2 * 9 * 2)), cost.Text.ForwardFlops);
        Assert.Equal(20 + 10, cost.Projections.Parameters);
        Assert.Equal(60, cost.Projections.ForwardFlops);
        Assert.Equal(3 * (768 + 528 + 60), cost.TrainingFlops);
        Assert.Equal(248 + 138 + 30 + 1, cost.Parameters);
    }

    [Theory]
    [InlineData("flip-b16", 86, 53)]
    [InlineData("flip-l16", 303, 109)]
    [InlineData("flip-h14", 631, 334)]
    public void Sizes_are_the_published_ones(string preset, int imageMillions, int textMillions)
    {
        var cost = ModelCost.Of(Presets.Get(preset).Config.Model);
        Assert.Equal(imageMillions, Math.Round(cost.Image.Parameters / 1e6));
        Assert.Equal(textMillions, Math.Round(cost.Text.Parameters / 1e6));
    }

    [Theory]
    [InlineData("flip-b16", 16, 41.1)]
    [InlineData("flip-b16", 32, 14.8)]
    [InlineData("flip-l16", 16, 136.4)]
    [InlineData("flip-l14", 14, 175.3)]
    [InlineData("flip-h14", 14, 381.7)]
    public void A_pair_of_an_unmasked_clip_costs_what_is_published(string preset, int patchSize, double gflop)
    {
        var model = Presets.Get(preset).Config.Model;
        model = model with
        {
            Image = model.Image with { PatchSize = patchSize, ClassToken = ClassToken.WithPosition },
            Text = model.Text with { Length = 77 },
        };
        Assert.Equal(gflop, ModelCost.Of(model, imageMaskRatio: 0).ForwardFlops / 1e9, 0.051);
    }

    [Fact]
    public void The_decoder_of_removed_patches_costs_what_the_hand_says()
    {
        var model = new ModelConfig
        {
            Image = new() { ImageSize = 4, PatchSize = 2, Width = 4, Depth = 1, Heads = 1, MlpRatio = 2, MaskRatio = 0.5 },
            Text = new() { VocabularySize = 10, Length = 3, Width = 2, Depth = 1, Heads = 1, MlpRatio = 2 },
            EmbedDim = 5,
            Reconstruction = new() { Weight = 0.1, Width = 8, Depth = 1, Heads = 1 },
        };
        var decoder = ModelCost.OfDecoder(model);

        // 4·8 + 8, a mask token; a block of 4·64 + 32, 8·32 + 32, 32·8 + 8 and two norms of 16; a norm; 8·12 + 12.
        Assert.Equal(40 + 8 + (288 + 288 + 264 + 32) + 16 + 108, decoder.Parameters);
        Assert.Equal(
            FlipModel.Declare(model, LossKind.InfoNce).Where(parameter => parameter.Name.StartsWith("decoder.", StringComparison.Ordinal)).Sum(parameter => parameter.Shape.Aggregate(1L, (product, size) => product * size)),
            decoder.Parameters);

        // Of 2 kept patches 2·2·32; of all 4 the block's weights 2·4·768 and scores 2·2·(4·4·8), and the pixels 2·4·96.
        Assert.Equal((4, 128 + 6144 + 512 + 768), (decoder.Tokens, decoder.ForwardFlops));
        Assert.Equal(new TowerCost(0, 0, 0), ModelCost.OfDecoder(model with { Reconstruction = new() }));
    }

    [Fact]
    public void Masking_saves_what_the_paper_says()
    {
        // Table 1: 0.52 and 0.28 of the unmasked cost at 50 and 75 %, ViT-L/16.
        var model = Presets.Get("flip-l16").Config.Model;
        var full = ModelCost.Of(model, imageMaskRatio: 0).ForwardFlops;
        Assert.Equal(0.52, ModelCost.Of(model, imageMaskRatio: 0.5).ForwardFlops / full, 0.01);
        Assert.Equal(0.28, ModelCost.Of(model, imageMaskRatio: 0.75).ForwardFlops / full, 0.01);
    }

    [Fact]
    public void A_learned_vocabulary_counts_by_the_size_given()
    {
        var model = new ModelConfig();
        var added = ModelCost.Of(model, vocabularySize: 1000).Parameters - ModelCost.Of(model).Parameters;
        Assert.Equal(1000 * model.Text.Width, added);
    }
}
