using Flip.Config;
using Flip.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Models;

public class DropPathTests
{
    private static readonly ModelConfig Model = new()
    {
        Image = new ImageConfig { ImageSize = 8, PatchSize = 4, Width = 8, Depth = 3, Heads = 2 },
    };

    [Fact]
    public void The_rate_grows_linearly_from_zero_to_the_last_blocks()
    {
        Assert.Equal([0, 0.1, 0.2], DropPath.Rates(3, 0.2), (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal([0], DropPath.Rates(1, 0.2));
    }

    [Fact]
    public void Factors_are_zero_or_what_keeps_the_expected_value()
    {
        const int batch = 20_000;
        var scales = DropPath.Draw(3, 0.4, 7, new int[batch], [.. Enumerable.Range(0, batch).Select(i => (long)i)]);
        Assert.All(scales[..(2 * batch)], scale => Assert.Equal(1, scale));
        for (var branch = 2; branch < 6; branch++)
        {
            var kept = (float)(1 / (1 - (branch < 4 ? 0.2 : 0.4)));
            var factors = scales.AsSpan(branch * batch, batch).ToArray();
            Assert.All(factors, factor => Assert.True(factor == 0 || factor == kept));
            Assert.Equal(1, factors.Average(), 0.02);
        }
    }

    [Fact]
    public void What_is_dropped_depends_on_seed_epoch_and_sample_alone()
    {
        long[] samples = [.. Enumerable.Range(0, 64).Select(i => (long)i)];
        var epochs = Enumerable.Repeat(3, 64).ToArray();
        var all = DropPath.Draw(3, 0.5, 7, epochs, samples);
        var second = DropPath.Draw(3, 0.5, 7, epochs.AsSpan(32), samples.AsSpan(32));
        for (var branch = 0; branch < 6; branch++)
        {
            Assert.Equal(all.AsSpan((branch * 64) + 32, 32).ToArray(), second.AsSpan(branch * 32, 32).ToArray());
        }

        Assert.NotEqual(all, DropPath.Draw(3, 0.5, 8, epochs, samples));
        Assert.NotEqual(all, DropPath.Draw(3, 0.5, 7, new int[64], samples));
    }

    [Fact]
    public void Factors_of_one_change_no_bit_and_a_dropped_block_passes_its_input_on()
    {
        using var classifier = new ImageClassifier(Model, 5, ClassifierHead.Random);
        using var scope = NewDisposeScope();
        var images = randint(0, 256, [4, 8, 8, 3], ScalarType.Byte, generator: new Generator(1));
        var plain = classifier.Logits(images);
        var ones = Ones(3, 4);
        Assert.True(plain.equal(classifier.Logits(images, null, ones)).all().ToBoolean());

        // A model without the last two blocks is the same as one in which they are dropped.
        var dropped = ones.clone();
        dropped.narrow(0, 1, 2).zero_();
        using var shallow = new ImageClassifier(Model with { Image = Model.Image with { Depth = 1 } }, 5, ClassifierHead.Random);
        using (no_grad())
        {
            foreach (var parameter in shallow.Parameters.All)
            {
                parameter.Master.copy_(classifier.Parameters.Find(parameter.Name)!.Master);
            }
        }

        Assert.True(shallow.Logits(images).allclose(classifier.Logits(images, null, dropped)));
        Assert.False(plain.allclose(shallow.Logits(images)));
    }

    [Fact]
    public void Recomputed_blocks_drop_the_same()
    {
        using var classifier = new ImageClassifier(Model, 5, ClassifierHead.Random);
        using var scope = NewDisposeScope();
        var images = randint(0, 256, [4, 8, 8, 3], ScalarType.Byte, generator: new Generator(1));
        var scales = DropPath.Scales(3, 0.6, 1, new int[4], [0, 1, 2, 3], ScalarType.Float32, CPU)!;
        classifier.Logits(images, null, scales).square().sum().backward();
        var whole = classifier.Parameters.Gradient.clone();
        classifier.Parameters.ZeroGradient();
        classifier.Tape = new BlockTape(1);
        classifier.Tape.Backward(classifier.Logits(images, null, scales).square().sum());
        Assert.True(whole.equal(classifier.Parameters.Gradient).all().ToBoolean());
        Assert.True(whole.abs().max().ToSingle() > 0);
    }

    private static Tensor Ones(int depth, int batch) => ones([depth, 2, batch, 1, 1]);
}
