using Flip.Config;
using static TorchSharp.torch;

namespace Flip.Models;

/// <summary>
/// The two towers, their projections and the logit scale: images and texts to one normalised embedding space (paper, section 3).
/// </summary>
public sealed class FlipModel : IDisposable
{
    /// <summary>Logarithm of the largest logit scale, 100.</summary>
    public const double MaxLogitScale = 4.605170185988092;

    private readonly ImageTower _image;
    private readonly TextTower _text;
    private readonly Linear? _imageProjection;
    private readonly Linear? _textProjection;
    private readonly ReconstructionDecoder? _decoder;

    /// <summary>A model with new weights.</summary>
    /// <param name="config">Sizes and variants; <c>text.vocabularySize</c> must be set.</param>
    /// <param name="loss">The sigmoid loss adds a bias to the logits.</param>
    /// <param name="computeType">Float32 or BFloat16.</param>
    /// <param name="device">Device of all weights; null for the CPU.</param>
    /// <param name="seed">Seed of the weights; null leaves them 0, to be read from a file.</param>
    /// <param name="trains">Makes room for gradients.</param>
    public FlipModel(
        ModelConfig config,
        LossKind loss = LossKind.InfoNce,
        ScalarType computeType = ScalarType.Float32,
        Device? device = null,
        ulong? seed = 0,
        bool trains = true)
        : this(config, loss) => Parameters.Allocate(computeType, device ?? CPU, seed, trains);

    private FlipModel(ModelConfig config, LossKind loss)
    {
        Config = config;
        Parameters = new FlatParameters();
        _image = new ImageTower(Parameters, config);
        _imageProjection = ProjectionOf(Parameters, config);
        _text = new TextTower(Parameters, config);
        _textProjection = config.Text.Projection
            ? new Linear(Parameters, "text.projection", config.Text.Width, config.EmbedDim, config.Text.ProjectionBias)
            : null;
        LogitScale = Parameters.Add("logitScale", [1], Initializer.Constant(config.LogitScaleInit), decays: true, keepsFp32: true);
        LogitBias = loss == LossKind.Sigmoid
            ? Parameters.Add("logitBias", [1], Initializer.Constant(-10), decays: false, keepsFp32: true) // SigLIP's first value
            : null;
        _decoder = config.Reconstruction.Weight > 0 ? new ReconstructionDecoder(Parameters, config) : null;
    }

    /// <summary>Names and shapes of the parameters that a model would have, without its memory.</summary>
    public static IReadOnlyList<(string Name, long[] Shape)> Declare(ModelConfig config, LossKind loss)
    {
        using var model = new FlipModel(config, loss);
        return [.. model.Parameters.All.Select(parameter => (parameter.Name, parameter.Shape))];
    }

    /// <summary>Sizes and variants.</summary>
    public ModelConfig Config { get; }

    /// <summary>All weights.</summary>
    public FlatParameters Parameters { get; }

    /// <summary>Logarithm of the factor on cosine similarities.</summary>
    public Parameter LogitScale { get; }

    /// <summary>Added to the logits by the sigmoid loss, else null.</summary>
    public Parameter? LogitBias { get; }

    /// <summary>True if the model predicts removed patches too.</summary>
    public bool Reconstructs => _decoder is not null;

    /// <summary>
    /// Where the towers write the blocks that the backward pass computes again; null for none. While there is one, every backward pass
    /// is the tape's.
    /// </summary>
    internal BlockTape? Tape
    {
        get => _image.Tape;
        set
        {
            _image.Tape = _text.Tape = value;
            if (_decoder is not null)
            {
                _decoder.Tape = value;
            }
        }
    }

    /// <summary>Normalised embeddings of images.</summary>
    /// <param name="images">uint8 0..255 or normalised fp32, <c>[batch, size, size, 3]</c>.</param>
    /// <param name="idsKeep">int64 kept patches, <c>[batch, kept]</c>; null for all.</param>
    /// <returns>fp32, <c>[batch, embedDim]</c>.</returns>
    public Tensor EncodeImage(Tensor images, Tensor? idsKeep = null)
    {
        using var scope = NewDisposeScope();
        return EncodePatches(_image.GatherPatches(images, idsKeep), idsKeep).MoveToOuterDisposeScope();
    }

    /// <summary>Normalised embeddings of images of which the kept patches are given.</summary>
    /// <param name="patches">uint8 0..255 or normalised fp32, <c>[batch, kept, patch · patch · 3]</c>.</param>
    /// <param name="idsKeep">int64 indices of the patches, <c>[batch, kept]</c>; null for all in order.</param>
    /// <returns>fp32, <c>[batch, embedDim]</c>.</returns>
    public Tensor EncodePatches(Tensor patches, Tensor? idsKeep = null)
    {
        using var scope = NewDisposeScope();
        return ProjectImage(_image.Tokens(patches, idsKeep)).MoveToOuterDisposeScope();
    }

    /// <summary>The image tower's feature before the projection: what linear probes read.</summary>
    /// <param name="images">uint8 0..255 or normalised fp32, <c>[batch, size, size, 3]</c>.</param>
    /// <param name="idsKeep">int64 kept patches, <c>[batch, kept]</c>; null for all.</param>
    /// <returns>fp32, not normalised, <c>[batch, image width]</c>.</returns>
    public Tensor PooledImage(Tensor images, Tensor? idsKeep = null)
    {
        using var scope = NewDisposeScope();
        return _image.Pool(_image.Tokens(_image.GatherPatches(images, idsKeep), idsKeep)).to(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <summary>Normalised embeddings of images, and the reconstruction loss of their removed patches.</summary>
    /// <param name="patches">All patches in order, uint8 or normalised fp32, <c>[batch, patches, patch · patch · 3]</c>.</param>
    /// <param name="idsKeep">int64 kept patches, <c>[batch, kept]</c>.</param>
    /// <param name="idsRestore">int64, where each patch went in the order kept, removed: <c>[batch, patches]</c>.</param>
    public (Tensor Embedding, Tensor ReconstructionLoss) EncodeAndReconstruct(Tensor patches, Tensor idsKeep, Tensor idsRestore)
    {
        var decoder = _decoder ?? throw new InvalidOperationException("The model has no decoder: model.reconstruction.weight is 0.");
        var allPatches = _image.NormalizePatches(patches);
        var tokens = BlockTape.Cut(Tape, _image.Tokens(Patches.SelectRows(allPatches, idsKeep), idsKeep));
        return (ProjectImage(tokens), decoder.Loss(_image.PatchTokens(tokens), idsRestore, allPatches));
    }

    /// <summary>Normalised embeddings of texts.</summary>
    /// <param name="tokens">int64 ids, padded, <c>[batch, length]</c>.</param>
    /// <param name="lengths">int64 valid tokens of each row, <c>[batch]</c>.</param>
    /// <param name="idsKeep">int64 kept positions, ascending, <c>[batch, kept]</c>; null for all.</param>
    /// <returns>fp32, <c>[batch, embedDim]</c>.</returns>
    public Tensor EncodeText(Tensor tokens, Tensor lengths, Tensor? idsKeep = null) => EncodeText(new TextGroup(tokens, lengths, idsKeep));

    /// <summary>Normalised embeddings of texts, without the padding that they do not depend on.</summary>
    /// <returns>fp32, <c>[texts, embedDim]</c>, in the batch's order.</returns>
    public Tensor EncodeText(TextRows rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return rows.InOrder([.. rows.Groups.Select(EncodeText)]);
    }

    private Tensor EncodeText(TextGroup group)
    {
        using var scope = NewDisposeScope();
        var (tokens, lengths, idsKeep, padded) = group;
        return Normalize(Project(_textProjection, _text.Pool(_text.Tokens(tokens, lengths, idsKeep, padded), tokens, lengths, idsKeep))).MoveToOuterDisposeScope();
    }

    /// <summary>The factor on cosine similarities, <c>[1]</c>, bounded to [1, 100] here where the configuration says forward.</summary>
    public Tensor LogitFactor() => Config.LogitScaleClamp == LogitScaleClamp.Forward
        ? LogitScale.Value.Between(0, MaxLogitScale).exp() // beyond the bound the gradient is 0, as in official FLIP
        : LogitScale.Value.exp();

    /// <summary>Bounds the logit scale itself, where the configuration says parameter; call after each step.</summary>
    public void ClampLogitScale()
    {
        if (Config.LogitScaleClamp == LogitScaleClamp.Parameter)
        {
            Parameters.Change(LogitScale, scale => scale.Between_(0, MaxLogitScale));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _image.Dispose();
        _text.Dispose();
        _decoder?.Dispose();
        Parameters.Dispose();
    }

    /// <summary>Projected patches before positions, <c>[batch, patches, width]</c>; for comparison with references.</summary>
    internal Tensor PatchEmbedding(Tensor images) => _image.Embed(_image.GatherPatches(images, null));

    /// <summary>Image tokens before pooling; for comparison with references.</summary>
    internal Tensor ImageTokens(Tensor images) => _image.Tokens(_image.GatherPatches(images, null), null);

    /// <summary>Text tokens after the last LayerNorm; for comparison with references.</summary>
    internal Tensor TextTokens(Tensor tokens, Tensor lengths) => _text.Normalize(_text.Tokens(tokens, lengths, null));

    private Tensor ProjectImage(Tensor imageTokens) => Normalize(Project(_imageProjection, _image.Pool(imageTokens)));

    /// <summary>The image tower's projection into the joint embedding; null where its feature is the embedding.</summary>
    internal static Linear? ProjectionOf(FlatParameters parameters, ModelConfig config) => config.Image.Projection
        ? new Linear(parameters, "image.projection", config.Image.Width, config.EmbedDim, bias: false)
        : null;

    /// <summary>A pooled feature in the joint embedding, not normalised.</summary>
    internal static Tensor Project(Linear? projection, Tensor pooled) => projection?.Forward(pooled) ?? pooled;

    /// <summary>z / (‖z‖ + ε) in fp32.</summary>
    internal static Tensor Normalize(Tensor projected, double eps)
    {
        var z = projected.to(ScalarType.Float32);
        return z / z.Squared().sum(1, keepdim: true).sqrt().Plus(eps);
    }

    private Tensor Normalize(Tensor projected) => Normalize(projected, Config.NormEps);
}
