using Flip.Config;
using static TorchSharp.torch;

namespace Flip.Models;

/// <summary>
/// The image tower: a ViT that sees kept patches only (paper, section 3). Order of work: patchify, gather the kept patches,
/// project, add positions, blocks, final LayerNorm and pool in the configured order.
/// </summary>
internal sealed class ImageTower : IDisposable
{
    private readonly ImageConfig _config;
    private readonly Linear _patchEmbedding;
    private readonly Parameter? _classToken;
    private readonly LookupTable? _learnedPositions;
    private readonly LayerNorm? _preNorm;
    private readonly TransformerBlock[] _blocks;
    private readonly LayerNorm? _finalNorm;
    private readonly AttentionPooling? _pooling;
    private readonly FlatParameters _parameters;
    private Patches? _patches;
    private Tensor? _fixedPositions;

    /// <param name="parameters">Where the weights are declared.</param>
    /// <param name="model">Sizes and variants.</param>
    /// <param name="classTokenDecays">Weight decay applies to the class token: as official FLIP pre-trains, not as ViTs are fine-tuned.</param>
    public ImageTower(FlatParameters parameters, ModelConfig model, bool classTokenDecays = true)
    {
        var config = model.Image;
        _config = config;
        _parameters = parameters;
        var dim = config.PatchSize * config.PatchSize * 3;
        _patchEmbedding = new Linear(parameters, "image.patchEmbedding", dim, config.Width, config.PatchBias);
        _classToken = config.ClassToken == ClassToken.None
            ? null
            : parameters.Add("image.classToken", [config.Width], Initializer.Normal(0.02), classTokenDecays, keepsFp32: true);
        _learnedPositions = config.Positions == ImagePositions.SinCos
            ? null
            : new LookupTable(parameters.Add(
                "image.positions", [ExtraTokens + config.PatchCount(), config.Width], Initializer.Normal(0.02), decays: false, keepsFp32: true));
        var kind = model.ImageBlocks();
        _preNorm = config.PreNorm ? new LayerNorm(parameters, "image.preNorm", config.Width, kind.LayerNormEps) : null;
        _blocks = TransformerBlock.Stack(parameters, "image", config.Depth, config.Width, config.Heads, config.MlpRatio, kind);
        _finalNorm = config.FinalNorm == FinalNorm.None ? null : new LayerNorm(parameters, "image.finalNorm", config.Width, kind.LayerNormEps);
        _pooling = config.Pooling == ImagePooling.Attention ? new AttentionPooling(parameters, config, kind) : null;
    }

    /// <summary>Where the blocks are written that the backward pass computes again; null for none.</summary>
    public BlockTape? Tape { get; set; }

    /// <summary>Position rows before the patches': 1 if the class token has a position.</summary>
    public int ExtraTokens => _config.ClassToken == ClassToken.WithPosition ? 1 : 0;

    private Patches Patches => _patches ??= new Patches(_config, _parameters.Device);

    /// <summary>Kept patches of pixels, see <see cref="Patches.Gather"/>.</summary>
    public Tensor GatherPatches(Tensor images, Tensor? idsKeep) => Patches.Gather(images, idsKeep);

    /// <summary>Normalised patches, see <see cref="Patches.Normalize"/>.</summary>
    public Tensor NormalizePatches(Tensor patches) => Patches.Normalize(patches);

    /// <summary>Projected patches before positions, in the compute type.</summary>
    /// <param name="patches">uint8, or normalised fp32, <c>[batch, kept, patchDim]</c>.</param>
    public Tensor Embed(Tensor patches)
    {
        using var scope = NewDisposeScope(); // pixels in fp32 are as large as a block's tokens
        return _patchEmbedding.Forward(NormalizePatches(patches).to(_parameters.ComputeType)).MoveToOuterDisposeScope();
    }

    /// <summary>All tokens after the last block, and after the final LayerNorm where it comes before pooling.</summary>
    /// <param name="patches">uint8, or normalised fp32, <c>[batch, kept, patchDim]</c>.</param>
    /// <param name="idsKeep">The patches' indices, <c>[batch, kept]</c>; null for all in order.</param>
    /// <param name="branchScale">Factors on the blocks' branches, <c>[blocks, 2, batch, 1, 1]</c> (<see cref="DropPath"/>); null for 1.</param>
    /// <returns><c>[batch, (1 +) kept, width]</c>; a class token comes first.</returns>
    public Tensor Tokens(Tensor patches, Tensor? idsKeep, Tensor? branchScale = null)
    {
        using var scope = NewDisposeScope();
        var x = Embed(patches);
        x = x.Plus(Positions(idsKeep).to(x.dtype));
        if (_classToken is not null)
        {
            // Joins after masking: it is never removed.
            var token = ExtraTokens == 0 ? _classToken.Value : _classToken.Value.Plus(PositionRow(0));
            x = cat([token.to(x.dtype).expand(x.shape[0], 1, -1), x], 1);
        }

        if (_preNorm is not null)
        {
            x = _preNorm.Forward(x);
        }

        x = BlockTape.Forward(Tape, _blocks, x, branchScale: branchScale);
        return (_config.FinalNorm == FinalNorm.BeforePooling ? _finalNorm!.Forward(x) : x).MoveToOuterDisposeScope();
    }

    /// <summary>Tokens behind the final LayerNorm, wherever the tower pools: what a head reads that looks at places.</summary>
    /// <param name="tokens">From <see cref="Tokens"/>.</param>
    public Tensor NormalizedTokens(Tensor tokens) => _config.FinalNorm == FinalNorm.AfterPooling ? _finalNorm!.Forward(tokens) : tokens.alias();

    /// <summary>One feature of an image's tokens, <c>[batch, width]</c>.</summary>
    public Tensor Pool(Tensor tokens)
    {
        var pooled = _config.Pooling switch
        {
            ImagePooling.Mean => tokens.mean([1]),
            ImagePooling.PatchMean => PatchTokens(tokens).mean([1]),
            ImagePooling.Attention => _pooling!.Forward(tokens),
            _ => tokens.select(1, 0),
        };
        return _config.FinalNorm == FinalNorm.AfterPooling ? _finalNorm!.Forward(pooled) : pooled;
    }

    /// <summary>Outputs of patches alone, without a class token.</summary>
    public Tensor PatchTokens(Tensor tokens) =>
        _classToken is null ? tokens : tokens.narrow(1, 1, tokens.shape[1] - 1);

    public void Dispose()
    {
        _patches?.Dispose();
        _fixedPositions?.Dispose();
        _learnedPositions?.Dispose();
    }

    private Tensor PositionRow(int row) =>
        _learnedPositions?.Parameter.Value.select(0, row) ?? zeros(_config.Width, device: _parameters.Device);

    /// <summary>Positions of the kept patches: <c>[batch, kept, width]</c>, or <c>[patches, width]</c> for all.</summary>
    private Tensor Positions(Tensor? idsKeep)
    {
        if (_learnedPositions is null)
        {
            return idsKeep is null ? FixedPositions() : FixedPositions()[idsKeep];
        }

        return idsKeep is null
            ? _learnedPositions.Parameter.Value.narrow(0, ExtraTokens, _config.PatchCount())
            : _learnedPositions.Rows(idsKeep.Plus((long)ExtraTokens));
    }

    private Tensor FixedPositions()
    {
        if (_fixedPositions is null)
        {
            var grid = _config.GridSize();
            var table = PositionEmbedding.SinCos(grid, _config.Width, _config.PositionGrid > 0 ? _config.PositionGrid : grid);
            using var scope = NewDisposeScope();
            _fixedPositions = tensor(table, device: _parameters.Device).view(grid * grid, _config.Width)
                .to(_parameters.ComputeType).DetachFromDisposeScope();
        }

        return _fixedPositions;
    }
}
