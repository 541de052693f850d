using Flip.Config;
using Flip.Randomness;

namespace Flip.Tasks.Finetuning;

/// <summary>
/// How the images of a step are mixed, as timm and MAE do it: each with its partner in the reversed batch, all by one share. With both kinds
/// configured a step takes either with probability ½. A function of (seed, step).
/// </summary>
/// <param name="Share">An image's own share of its pixels and target, in [0, 1]; 1 is unmixed.</param>
/// <param name="Cut">The rectangle that comes from the partner (CutMix); null where all pixels are sums (mixup).</param>
public sealed record BatchMix(double Share, MixRectangle? Cut)
{
    /// <summary>Images as they are.</summary>
    public static BatchMix None { get; } = new(1, null);

    /// <summary>The mix of a step.</summary>
    /// <param name="config">Kinds and probability.</param>
    /// <param name="imageSize">Height and width of the images, pixels.</param>
    /// <param name="step">Steps before this one.</param>
    public static BatchMix Of(FinetuneConfig config, int imageSize, long step)
    {
        var random = new CounterRandom((ulong)config.Seed, RandomPurpose.Mixing, item: step);
        if ((config.Mixup == 0 && config.Cutmix == 0) || random.NextDouble() >= config.MixProbability)
        {
            return None;
        }

        var cuts = config.Cutmix > 0 && (config.Mixup == 0 || random.NextDouble() < 0.5);
        var share = BetaSampler.Next(cuts ? config.Cutmix : config.Mixup, ref random);
        return cuts ? CutOut(share, imageSize, ref random) : new BatchMix(share, null);
    }

    /// <summary>A square of 1 - share of the area around a uniform place, cut at the borders; the share is then that of the pixels that stay.</summary>
    private static BatchMix CutOut(double share, int size, ref CounterRandom random)
    {
        var half = (int)(size * Math.Sqrt(1 - share)) / 2;
        var (y, x) = (random.NextInt(size), random.NextInt(size));
        var cut = new MixRectangle(Math.Max(0, y - half), Math.Min(size, y + half), Math.Max(0, x - half), Math.Min(size, x + half));
        return new BatchMix(1 - ((double)cut.Area / ((long)size * size)), cut);
    }
}

/// <summary>Rows and columns of an image, the ends left out.</summary>
public readonly record struct MixRectangle(int Top, int Bottom, int Left, int Right)
{
    /// <summary>Pixels.</summary>
    public long Area => (long)(Bottom - Top) * (Right - Left);
}
