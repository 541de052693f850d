using Flip.Config;
using static TorchSharp.torch;

namespace Flip.Models;

/// <summary>
/// An image tower that tells what it sees (paper, appendix): its tokens, a linear layer, a small encoder, and a decoder that looks at the encoder's
/// tokens and writes a caption token by token. It declares the tower and this head: nothing of a text tower takes memory.
/// </summary>
public sealed class Captioner : IDisposable
{
    private const double MlpRatio = 4;
    private const string HeadPrefix = "captioner.";

    private readonly ImageTower _tower;
    private readonly Linear _input;
    private readonly TransformerBlock[] _encoder;
    private readonly LayerNorm _encoderNorm;
    private readonly LookupTable _tokenEmbedding;
    private readonly Parameter _positions;
    private readonly DecoderBlock[] _decoder;
    private readonly LayerNorm _finalNorm;
    private readonly Linear _output;

    /// <summary>A captioner with new weights.</summary>
    /// <param name="config">The model whose image tower it has.</param>
    /// <param name="head">Encoder and decoder.</param>
    /// <param name="vocabularySize">Tokens that it can write, V, those that begin and end a caption among them.</param>
    /// <param name="computeType">Float32 or BFloat16.</param>
    /// <param name="device">Device of all weights; null for the CPU.</param>
    /// <param name="seed">Seed of the weights; null leaves them 0, to be read from a file.</param>
    /// <param name="trains">Makes room for gradients.</param>
    public Captioner(
        ModelConfig config,
        CaptionHeadConfig head,
        int vocabularySize,
        ScalarType computeType = ScalarType.Float32,
        Device? device = null,
        ulong? seed = 0,
        bool trains = true)
        : this(config, head, vocabularySize) => Parameters.Allocate(computeType, device ?? CPU, seed, trains);

    private Captioner(ModelConfig config, CaptionHeadConfig head, int vocabularySize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabularySize, 2);
        (Config, Head, VocabularySize) = (config, head, vocabularySize);
        Parameters = new FlatParameters();
        var kind = new BlockKind(config.Activation, config.LayerNormEps);
        _tower = new ImageTower(Parameters, config, classTokenDecays: false);
        _input = new Linear(Parameters, HeadPrefix + "input", config.Image.Width, head.Width);
        _encoder = TransformerBlock.Stack(Parameters, HeadPrefix + "encoder", head.EncoderDepth, head.Width, head.Heads, MlpRatio, kind);
        _encoderNorm = new LayerNorm(Parameters, HeadPrefix + "encoder.norm", head.Width, kind.LayerNormEps);
        _tokenEmbedding = new LookupTable(Parameters.Add(
            HeadPrefix + "tokenEmbedding", [vocabularySize, head.Width], Initializer.Normal(0.02), decays: true, keepsFp32: true));
        _positions = Parameters.Add(HeadPrefix + "positions", [head.Length, head.Width], Initializer.Normal(0.02), decays: false, keepsFp32: true);
        _decoder = [.. Enumerable.Range(0, head.DecoderDepth).Select(
            i => new DecoderBlock(Parameters, $"{HeadPrefix}decoder.blocks.{i}", head.Width, head.Heads, MlpRatio, kind))];
        _finalNorm = new LayerNorm(Parameters, HeadPrefix + "decoder.norm", head.Width, kind.LayerNormEps);
        _output = new Linear(Parameters, HeadPrefix + "output", head.Width, vocabularySize);
    }

    /// <summary>Names and shapes of the parameters that a captioner would have, without its memory.</summary>
    public static IReadOnlyList<(string Name, long[] Shape)> Declare(ModelConfig config, CaptionHeadConfig head, int vocabularySize)
    {
        using var captioner = new Captioner(config, head, vocabularySize);
        return [.. captioner.Parameters.All.Select(parameter => (parameter.Name, parameter.Shape))];
    }

    /// <summary>Whether a parameter is of encoder or decoder, which no model has.</summary>
    public static bool IsOfHead(string parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return parameter.StartsWith(HeadPrefix, StringComparison.Ordinal);
    }

    /// <summary>The model whose image tower it has.</summary>
    public ModelConfig Config { get; }

    /// <summary>Encoder and decoder.</summary>
    public CaptionHeadConfig Head { get; }

    /// <summary>Tokens that it can write, V.</summary>
    public int VocabularySize { get; }

    /// <summary>All weights.</summary>
    public FlatParameters Parameters { get; }

    /// <summary>The weights of the tower.</summary>
    internal IReadOnlyList<Parameter> TowerParameters => [.. Parameters.All.Where(parameter => !IsOfHead(parameter.Name))];

    /// <summary>Where the tower writes the blocks that the backward pass computes again; null for none.</summary>
    internal BlockTape? Tape
    {
        get => _tower.Tape;
        set => _tower.Tape = value;
    }

    /// <summary>What the tower makes of whole images.</summary>
    /// <param name="images">uint8 0..255, <c>[batch, size, size, 3]</c>.</param>
    /// <returns>In the compute type, <c>[batch, (1 +) patches, width of the tower]</c>.</returns>
    public Tensor TowerTokens(Tensor images)
    {
        using var scope = NewDisposeScope();
        return _tower.NormalizedTokens(_tower.Tokens(_tower.GatherPatches(images, null), null)).MoveToOuterDisposeScope();
    }

    /// <summary>What the decoder looks at.</summary>
    /// <param name="towerTokens">From <see cref="TowerTokens"/>.</param>
    /// <returns><c>[batch, places, head width]</c></returns>
    public Tensor Encode(Tensor towerTokens)
    {
        using var scope = NewDisposeScope();
        return _encoderNorm.Forward(BlockTape.Forward(Tape, _encoder, _input.Forward(towerTokens))).MoveToOuterDisposeScope();
    }

    /// <summary>Scores of the next token behind each token of captions that are known (teacher forcing).</summary>
    /// <param name="encoded">From <see cref="Encode"/>.</param>
    /// <param name="tokens">int64 ids with the mark of the beginning, <c>[batch, T]</c>.</param>
    /// <returns>In the compute type, <c>[batch, T, V]</c>.</returns>
    public Tensor Logits(Tensor encoded, Tensor tokens)
    {
        using var scope = NewDisposeScope();
        return Decode(tokens, 0, Remember(encoded), null).MoveToOuterDisposeScope();
    }

    /// <summary>Keys and values of what is told of, of each block of the decoder.</summary>
    /// <param name="encoded">From <see cref="Encode"/>.</param>
    /// <returns><c>[batch, heads, places, headDim]</c> each.</returns>
    internal (Tensor Key, Tensor Value)[] Remember(Tensor encoded) => Array.ConvertAll(_decoder, block => block.Remember(encoded));

    /// <summary>Scores behind all tokens, or behind the next one of each row.</summary>
    /// <param name="tokens">int64, <c>[rows, tokens]</c>.</param>
    /// <param name="place">Place of the first of them in its caption.</param>
    /// <param name="memory">From <see cref="Remember"/>.</param>
    /// <param name="written">Those of the tokens before, of each block; null where none are kept.</param>
    internal Tensor Decode(Tensor tokens, int place, (Tensor Key, Tensor Value)[] memory, KeyValues[]? written)
    {
        var count = tokens.shape[1];
        if (place + count > Head.Length)
        {
            throw new ArgumentException($"The decoder has places for {Head.Length} tokens, not {place + count}.", nameof(tokens));
        }

        var x = _tokenEmbedding.Rows(tokens).Plus(_positions.Value.narrow(0, place, count)).to(Parameters.ComputeType);
        for (var i = 0; i < _decoder.Length; i++)
        {
            x = _decoder[i].Forward(x, memory[i], written?[i]);
        }

        return _output.Forward(_finalNorm.Forward(x));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _tower.Dispose();
        _tokenEmbedding.Dispose();
        Parameters.Dispose();
    }
}
