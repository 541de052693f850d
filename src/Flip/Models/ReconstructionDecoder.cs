using Flip.Config;
using static TorchSharp.torch;

namespace Flip.Models;

/// <summary>
/// The small decoder of the reconstruction ablation (paper, section 4.1, after MAE): a linear layer, mask tokens in the removed
/// places, fixed positions, a few blocks, and a linear layer to the pixels of every patch.
/// </summary>
internal sealed class ReconstructionDecoder : IDisposable
{
    /// <summary>First part of the decoder's parameter names.</summary>
    public const string Prefix = "decoder.";

    private readonly FlatParameters _parameters;
    private readonly Linear _embedding;
    private readonly Parameter _maskToken;
    private readonly TransformerBlock[] _blocks;
    private readonly LayerNorm _finalNorm;
    private readonly Linear _prediction;
    private readonly int _grid;
    private readonly int _width;
    private Tensor? _positions;

    public ReconstructionDecoder(FlatParameters parameters, ModelConfig model)
    {
        var config = model.Reconstruction;
        _parameters = parameters;
        _grid = model.Image.GridSize();
        _width = config.Width;
        _embedding = new Linear(parameters, Prefix + "embedding", model.Image.Width, config.Width);
        _maskToken = parameters.Add(Prefix + "maskToken", [config.Width], Initializer.Normal(0.02), decays: true, keepsFp32: true);
        _blocks = TransformerBlock.Stack(
            parameters, "decoder", config.Depth, config.Width, config.Heads, 4, model.ImageBlocks());
        _finalNorm = new LayerNorm(parameters, Prefix + "finalNorm", config.Width, model.ImageBlocks().LayerNormEps);
        _prediction = new Linear(parameters, Prefix + "prediction", config.Width, model.Image.PatchSize * model.Image.PatchSize * 3);
    }

    /// <summary>Where the blocks are written that the backward pass computes again; null for none.</summary>
    public BlockTape? Tape { get; set; }

    /// <summary>Mean squared error on the removed patches, each target patch normalised by its own mean and deviation.</summary>
    /// <param name="patchTokens">Tower outputs of the kept patches, <c>[batch, kept, width]</c>.</param>
    /// <param name="idsRestore">Where each patch went in the order kept, removed: <c>[batch, patches]</c>.</param>
    /// <param name="allPatches">Normalised pixels of every patch, fp32, <c>[batch, patches, patchDim]</c>.</param>
    /// <returns>A scalar, fp32.</returns>
    public Tensor Loss(Tensor patchTokens, Tensor idsRestore, Tensor allPatches)
    {
        var (batch, kept) = (patchTokens.shape[0], patchTokens.shape[1]);
        var patches = idsRestore.shape[1];
        var x = _embedding.Forward(patchTokens);
        var masked = _maskToken.Value.to(x.dtype).expand(batch, patches - kept, _width);
        x = Patches.SelectRows(cat([x, masked], 1), idsRestore).Plus(Positions(x));
        x = BlockTape.Forward(Tape, _blocks, x);
        var predicted = _prediction.Forward(_finalNorm.Forward(x)).to(ScalarType.Float32); // [batch, patches, patchDim]
        var mean = allPatches.mean([2], keepdim: true);
        var variance = allPatches.var(2, unbiased: true, keepdim: true);
        var target = (allPatches - mean) / variance.Plus(1e-6).sqrt();
        var error = (predicted - target).Squared().mean([2]); // [batch, patches]
        var removed = idsRestore.IsAtLeast(kept).to(ScalarType.Float32);
        return (error * removed).sum() / removed.sum().AtLeast(1);
    }

    public void Dispose() => _positions?.Dispose();

    private Tensor Positions(Tensor like)
    {
        if (_positions is null)
        {
            using var scope = NewDisposeScope();
            _positions = tensor(PositionEmbedding.SinCos(_grid, _width, _grid), device: _parameters.Device)
                .view(_grid * _grid, _width).to(like.dtype).DetachFromDisposeScope();
        }

        return _positions;
    }
}
