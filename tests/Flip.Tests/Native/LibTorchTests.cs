using TorchSharp;

namespace Flip.Tests.Native;

public class LibTorchTests
{
    [Fact]
    public void Libtorch_computes_a_product()
    {
        using var scope = torch.NewDisposeScope();
        Assert.Equal(8f, torch.ones(2, 4).mm(torch.ones(4, 1)).sum().item<float>());
    }
}
