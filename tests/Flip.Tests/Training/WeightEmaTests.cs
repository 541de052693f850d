using Flip.Models;
using Flip.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Training;

public sealed class WeightEmaTests : IDisposable
{
    private const long Count = WeightEma.Piece + FlatParameters.Alignment; // two pieces
    private readonly FlatParameters _parameters = new();
    private readonly DisposeScope _scope;
    private readonly WeightEma _ema;
    private readonly Tensor _average;
    private readonly Tensor _weights;

    public WeightEmaTests()
    {
        _parameters.Add("weights", [Count], Initializer.Constant(0), decays: true);
        _parameters.Allocate(ScalarType.BFloat16, CPU, null, trains: false);
        _scope = NewDisposeScope();
        using var generator = new Generator(1);
        _parameters.Master.copy_(randn(Count, generator: generator));
        _ema = new WeightEma(_parameters, 0.9);
        _average = _parameters.Master.clone();
        _weights = randn(Count, generator: generator);
        _parameters.Master.copy_(_weights);
    }

    public void Dispose()
    {
        _ema.Dispose();
        _scope.Dispose();
        _parameters.Dispose();
    }

    [Fact]
    public void The_average_takes_the_weights_place_to_the_bit_and_gives_it_back()
    {
        using (_ema.Applied())
        {
            Assert.True(_parameters.Master.equal(_average).all().ToBoolean());
            Assert.True(_ema.Average.equal(_weights).all().ToBoolean());
            Assert.True(_parameters.Compute!.equal(_average.to(ScalarType.BFloat16)).all().ToBoolean());
        }

        Assert.True(_parameters.Master.equal(_weights).all().ToBoolean());
        Assert.True(_ema.Average.equal(_average).all().ToBoolean());
        Assert.True(_parameters.Compute!.equal(_weights.to(ScalarType.BFloat16)).all().ToBoolean());
    }

    [Fact]
    public void An_update_keeps_the_decays_share_of_the_old_average()
    {
        _ema.Update();
        Assert.InRange((_ema.Average - ((_average * 0.9) + (_weights * 0.1))).abs().max().ToSingle(), 0, 1e-6);
    }
}
