using Flip.Config;
using Flip.Devices;
using Flip.Masking;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Training;

/// <summary>How the pairs of a training are laid out for its steps, <see cref="PairRows"/>: what is kept of them, and for which device.</summary>
/// <param name="Model">Sizes and masks.</param>
/// <param name="Seed">The run's seed; with (epoch, sample) it keys the masks.</param>
/// <param name="Device">The device that computes.</param>
public sealed record PairLayout(ModelConfig Model, ulong Seed, Device Device)
{
    /// <summary>Pixels of a patch, row by row, channels last.</summary>
    internal int PatchDim => Model.Image.PatchSize * Model.Image.PatchSize * 3;

    /// <summary>The decoder needs the removed patches too.</summary>
    internal bool Reconstructs => Model.Reconstruction.Weight > 0;

    /// <summary>Kept tokens of a text.</summary>
    internal int KeptTokens => MaskRatio.Kept(Model.Text.Length, Model.Text.MaskRatio);

    /// <summary>Kept patches of an image; all of them count as no mask.</summary>
    internal int KeptPatches(double maskRatio) => MaskRatio.Kept(Model.Image.PatchCount(), maskRatio);

    /// <summary>Patches of an image whose pixels a step gets.</summary>
    internal int SentPatches(double maskRatio) => Reconstructs ? Model.Image.PatchCount() : KeptPatches(maskRatio);

    /// <summary>Bytes that a step gets of a pair.</summary>
    /// <param name="maskRatio">Share of each image's patches that is removed, [0, 1).</param>
    public long BytesOfPair(double maskRatio) => ((long)SentPatches(maskRatio) * PatchDim) + (NumbersOfPair(maskRatio) * sizeof(long));

    internal long NumbersOfPair(double maskRatio) =>
        KeptPatches(maskRatio) + (Reconstructs ? Model.Image.PatchCount() : 0) + (2 * Model.Text.Length) + 2;
}
