using Flip.Models;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Flip.Tests.Models;

public class AttentionTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Attention_by_plain_products_is_libtorchs_in_value_and_gradient(bool masked, bool causal)
    {
        using var scope = NewDisposeScope();
        Tensor[] Leaves() => [.. Enumerable.Range(0, 3).Select(i => rand([2, 3, 5, 4], generator: new Generator((ulong)i + 1)).requires_grad_(true))];
        var mask = masked ? tensor(new[] { true, true, false, true, false, true, true, true, true, true }).view(2, 1, 1, 5) : null;
        var weights = rand([2, 3, 5, 4], generator: new Generator(7));
        var (plain, fused) = (Leaves(), Leaves());
        var actual = Attention.Attend(plain[0], plain[1], plain[2], mask, causal);
        var expected = functional.scaled_dot_product_attention(fused[0], fused[1], fused[2], mask, 0, causal);
        (actual * weights).sum().backward();
        (expected * weights).sum().backward();
        AssertClose(expected, actual);
        for (var i = 0; i < 3; i++)
        {
            AssertClose(fused[i].grad!, plain[i].grad!);
        }
    }

    private static void AssertClose(Tensor expected, Tensor actual) =>
        Assert.InRange((expected - actual).abs().max().item<float>(), 0, 1e-6f);
}
