using Flip.Collectives;
using Flip.Losses;
using Flip.Tests.Collectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Losses;

/// <summary>
/// Ranks that share a batch get the loss and the gradients of the whole batch: no factor of the number of ranks, whatever the division. The plain losses with
/// autograd in fp64 are the reference.
/// </summary>
public sealed class SharedContrastiveLossTests : IDisposable
{
    private const double Tolerance = 1e-5;
    private const int Dim = 8;

    private readonly DisposeScope _scope = NewDisposeScope();

    public static TheoryData<int, int, int> Divisions => new()
    {
        { 1, 13, 4 }, { 2, 2, 1 }, { 2, 13, 3 }, { 3, 13, 100 }, { 4, 130, 16 }, { 8, 8, 1 }, { 8, 61, 5 },
    };

    public void Dispose() => _scope.Dispose();

    [Theory]
    [MemberData(nameof(Divisions))]
    public void InfoNce_of_all_ranks_equals_one_process(int world, int batch, int chunk)
    {
        foreach (var factor in new[] { 1f, 14.3f, 100f })
        {
            AssertEqual(world, batch, factor, null, (i, t, f, _, share) => ChunkedContrastiveLoss.InfoNce(i, t, f, chunk, share));
            AssertEqual(world, batch, factor, null, (i, t, f, _, share) => RingContrastiveLoss.InfoNce(i, t, f, chunk, share));
        }
    }

    [Theory]
    [MemberData(nameof(Divisions))]
    public void Sigmoid_of_all_ranks_equals_one_process(int world, int batch, int chunk)
    {
        foreach (var (factor, bias) in new[] { (10f, -10f), (1f, 0f), (100f, 3f) })
        {
            AssertEqual(world, batch, factor, bias, (i, t, f, b, share) => ChunkedContrastiveLoss.Sigmoid(i, t, f, b!, chunk, share));
            AssertEqual(world, batch, factor, bias, (i, t, f, b, share) => RingContrastiveLoss.Sigmoid(i, t, f, b!, chunk, share));
        }
    }

    [Theory]
    [InlineData(2, 12)]
    [InlineData(4, 130)]
    public void Bytes_are_those_of_the_formula(int world, int batch)
    {
        ThreadRanks.Run(world, ranks =>
        {
            var share = new BatchShare(ranks, batch);
            var (images, texts) = (ones(share.Count, Dim), ones(share.Count, Dim));
            var row = Dim * sizeof(float);
            var others = batch - share.Count;

            ChunkedContrastiveLoss.InfoNce(images, texts, ones(1), 4, share);
            var columns = 2 * CollectiveCount.OfSum(batch * sizeof(float), world).Bytes;
            Assert.Equal((share.Count * row * (world - 1)) + (others * row) + columns, ranks.Sent.Bytes);

            // The texts pass a rank twice, with their columns' sums the second time; sums and gradients come back to their rank.
            var before = ranks.Sent;
            RingContrastiveLoss.InfoNce(images, texts, ones(1), 4, share);
            var passing = batch - share.Counts[(ranks.Rank + world - 1) % world]; // all blocks but the one that would be the next rank's own again
            Assert.Equal((passing * ((2 * row) + 4)) + (batch * (row + 8)), (ranks.Sent - before).Bytes);
        });
    }

    [Fact]
    public void Pairs_that_are_not_the_ranks_share_are_refused()
    {
        ThreadRanks.Run(2, ranks =>
        {
            Assert.Throws<ArgumentException>(() => ChunkedContrastiveLoss.InfoNce(ones(3, 2), ones(3, 2), ones(1), 1, new BatchShare(ranks, 4)));
            Assert.Throws<ArgumentException>(() => new BatchShare(ranks, 1));
        });
    }

    private static void AssertEqual(
        int world, int batch, float factor, float? bias, Func<Tensor, Tensor, Tensor, Tensor?, BatchShare, ContrastiveGradient> loss)
    {
        var generator = new Generator(1);
        var images = nn.functional.normalize(randn(batch, Dim, generator: generator));
        var texts = nn.functional.normalize(randn(batch, Dim, generator: generator));
        var expected = Plain(images, texts, factor, bias);
        var found = ThreadRanks.Run(world, ranks =>
        {
            var share = new BatchShare(ranks, batch);
            var gradient = loss(
                images.narrow(0, share.First, share.Count),
                texts.narrow(0, share.First, share.Count),
                tensor(new[] { factor }),
                bias is { } b ? tensor(new[] { b }) : null,
                share);
            return (gradient.Loss.item<double>(), new[] { Values(gradient.Images), Values(gradient.Texts), Values(gradient.Factor), gradient.Bias is null ? [] : Values(gradient.Bias) });
        });
        var value = found.Sum(rank => rank.Item1);
        Assert.Equal(expected.Loss, value, Tolerance * Math.Max(1, expected.Loss));
        AssertClose(expected.Gradients[0], found.SelectMany(rank => rank.Item2[0]));
        AssertClose(expected.Gradients[1], found.SelectMany(rank => rank.Item2[1]));
        AssertClose(expected.Gradients[2], [found.Sum(rank => rank.Item2[2][0])]);
        if (bias is not null)
        {
            AssertClose(expected.Gradients[3], [found.Sum(rank => rank.Item2[3][0])]);
        }
    }

    private static (double Loss, double[][] Gradients) Plain(Tensor images, Tensor texts, float factor, float? bias)
    {
        Tensor Leaf(Tensor of) => of.to(ScalarType.Float64).detach().requires_grad_(true);
        var (i, t, f) = (Leaf(images), Leaf(texts), Leaf(tensor(new[] { factor })));
        var b = bias is { } value ? Leaf(tensor(new[] { value })) : null;
        var loss = b is null ? ContrastiveLoss.InfoNce(i, t, f) : ContrastiveLoss.Sigmoid(i, t, f, b);
        loss.backward();
        return (loss.item<double>(), [Values(i.grad!), Values(t.grad!), Values(f.grad!), b is null ? [] : Values(b.grad!)]);
    }

    private static double[] Values(Tensor tensor) => tensor.to(ScalarType.Float64).contiguous().data<double>().ToArray();

    private static void AssertClose(double[] expected, IEnumerable<double> found)
    {
        var scale = Math.Max(expected.Max(Math.Abs), 1e-3); // fp32 logits of 100 have a rounding of 1e-5 themselves
        var actual = found.ToArray();
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, Tolerance * scale));
    }
}
