using Flip.Storage;
using Flip.Tests.Training;
using TorchSharp;

namespace Flip.Tests.Storage;

public class WeightFileTests
{
    [Fact]
    public void A_hash_is_of_the_weights_alone()
    {
        using var model = TinyRun.Model(TinyRun.Config);
        using var same = TinyRun.Model(TinyRun.Config, torch.ScalarType.BFloat16);
        using var other = TinyRun.Model(TinyRun.Config with { Train = TinyRun.Config.Train with { Seed = 4 } });
        var hash = WeightFile.Hash(model.Parameters);
        Assert.Matches("^[0-9a-f]{64}$", hash);
        Assert.Equal(hash, WeightFile.Hash(same.Parameters));
        Assert.NotEqual(hash, WeightFile.Hash(other.Parameters));
        using (torch.no_grad())
        {
            model.Parameters.All[^1].Master.neg_();
        }

        Assert.NotEqual(hash, WeightFile.Hash(model.Parameters));
    }
}
