using Flip.Randomness;

namespace Flip.Models;

/// <summary>Fills a new weight. Weights depend on the seed and their name alone.</summary>
public abstract record Initializer
{
    /// <summary>All entries equal.</summary>
    public static Initializer Constant(double value) => new ConstantInitializer(value);

    /// <summary>Normal with mean 0.</summary>
    public static Initializer Normal(double standardDeviation) => new NormalInitializer(standardDeviation);

    /// <summary>Xavier uniform: ±√(6 / (fanIn + fanOut)).</summary>
    public static Initializer XavierUniform(long fanIn, long fanOut) => new UniformInitializer(Math.Sqrt(6.0 / (fanIn + fanOut)));

    internal abstract void Fill(Span<float> weights, ref CounterRandom random);

    private sealed record ConstantInitializer(double Value) : Initializer
    {
        internal override void Fill(Span<float> weights, ref CounterRandom random) => weights.Fill((float)Value);
    }

    private sealed record NormalInitializer(double StandardDeviation) : Initializer
    {
        internal override void Fill(Span<float> weights, ref CounterRandom random)
        {
            foreach (ref var weight in weights)
            {
                weight = (float)(StandardDeviation * random.NextNormal());
            }
        }
    }

    private sealed record UniformInitializer(double Bound) : Initializer
    {
        internal override void Fill(Span<float> weights, ref CounterRandom random)
        {
            foreach (ref var weight in weights)
            {
                weight = (float)(Bound * ((2 * random.NextSingle()) - 1));
            }
        }
    }
}
