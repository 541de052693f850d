using Flip.Config;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Flip.Models;

/// <summary>
/// Both towers of a model with a head that answers questions about images (paper, appendix): the tokens of both, each through a linear layer and with the mark of its
/// kind, and a class token are one sequence; blocks of self-attention over all of it (merged attention); two layers on the class token score the answers. It
/// declares the towers and this head: projections and logit scale take no memory.
/// </summary>
public sealed class QuestionAnswerer : IDisposable
{
    private const double MlpRatio = 4;
    private const string HeadPrefix = "answerer.";

    private readonly ImageTower _image;
    private readonly TextTower _text;
    private readonly Linear _imageInput;
    private readonly Linear _textInput;
    private readonly Parameter _types;
    private readonly Parameter _classToken;
    private readonly TransformerBlock[] _blocks;
    private readonly LayerNorm _finalNorm;
    private readonly Linear _hidden;
    private readonly Parameter _outputWeight;
    private readonly Parameter _outputBias;

    /// <summary>A model with new weights.</summary>
    /// <param name="config">The model whose towers it has; <c>text.vocabularySize</c> must be set.</param>
    /// <param name="head">The blocks over both.</param>
    /// <param name="answers">Answers that it can give, K.</param>
    /// <param name="computeType">Float32 or BFloat16.</param>
    /// <param name="device">Device of all weights; null for the CPU.</param>
    /// <param name="seed">Seed of the weights; null leaves them 0, to be read from a file.</param>
    /// <param name="trains">Makes room for gradients.</param>
    public QuestionAnswerer(
        ModelConfig config,
        AnswerHeadConfig head,
        int answers,
        ScalarType computeType = ScalarType.Float32,
        Device? device = null,
        ulong? seed = 0,
        bool trains = true)
        : this(config, head, answers) => Parameters.Allocate(computeType, device ?? CPU, seed, trains);

    private QuestionAnswerer(ModelConfig config, AnswerHeadConfig head, int answers)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(answers);
        (Config, Head, Answers) = (config, head, answers);
        Parameters = new FlatParameters();
        var kind = new BlockKind(config.Activation, config.LayerNormEps);
        _image = new ImageTower(Parameters, config, classTokenDecays: false);
        _text = new TextTower(Parameters, config);
        _imageInput = new Linear(Parameters, HeadPrefix + "imageInput", config.Image.Width, head.Width);
        _textInput = new Linear(Parameters, HeadPrefix + "textInput", config.Text.Width, head.Width);
        _types = Parameters.Add(HeadPrefix + "types", [2, head.Width], Initializer.Normal(0.02), decays: false, keepsFp32: true);
        _classToken = Parameters.Add(HeadPrefix + "classToken", [head.Width], Initializer.Normal(0.02), decays: false, keepsFp32: true);
        _blocks = TransformerBlock.Stack(Parameters, "answerer", head.Depth, head.Width, head.Heads, MlpRatio, kind);
        _finalNorm = new LayerNorm(Parameters, HeadPrefix + "finalNorm", head.Width, kind.LayerNormEps);
        _hidden = new Linear(Parameters, HeadPrefix + "hidden", head.Width, 2 * head.Width);

        // fp32, as a classifier's: differences of scores would be lost. At first each answer is as likely as one in K: thousands of them at one half would
        // take the first epochs to come down.
        _outputWeight = Parameters.Add(HeadPrefix + "output.weight", [answers, 2 * head.Width], Initializer.XavierUniform(2 * head.Width, answers), decays: true, keepsFp32: true);
        _outputBias = Parameters.Add(HeadPrefix + "output.bias", [answers], Initializer.Constant(-Math.Log(Math.Max(1, answers - 1))), decays: false, keepsFp32: true);
    }

    /// <summary>Names and shapes of the parameters that a model would have, without its memory.</summary>
    public static IReadOnlyList<(string Name, long[] Shape)> Declare(ModelConfig config, AnswerHeadConfig head, int answers)
    {
        using var answerer = new QuestionAnswerer(config, head, answers);
        return [.. answerer.Parameters.All.Select(parameter => (parameter.Name, parameter.Shape))];
    }

    /// <summary>Whether a parameter is of the blocks over both towers and what is behind them, which no model has.</summary>
    public static bool IsOfHead(string parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return parameter.StartsWith(HeadPrefix, StringComparison.Ordinal);
    }

    /// <summary>The model whose towers it has.</summary>
    public ModelConfig Config { get; }

    /// <summary>The blocks over both.</summary>
    public AnswerHeadConfig Head { get; }

    /// <summary>Answers that it can give, K.</summary>
    public int Answers { get; }

    /// <summary>All weights.</summary>
    public FlatParameters Parameters { get; }

    /// <summary>The weights of both towers.</summary>
    internal IReadOnlyList<Parameter> TowerParameters => [.. Parameters.All.Where(parameter => !IsOfHead(parameter.Name))];

    /// <summary>Where the blocks are written that the backward pass computes again; null for none.</summary>
    internal BlockTape? Tape
    {
        get => _image.Tape;
        set => _image.Tape = _text.Tape = value;
    }

    /// <summary>Scores of all answers.</summary>
    /// <param name="images">uint8 0..255, <c>[batch, size, size, 3]</c>; not read, and may be null, where <paramref name="withImage"/> is false.</param>
    /// <param name="tokens">int64 ids of the questions, padded, <c>[batch, T]</c>.</param>
    /// <param name="lengths">int64 valid tokens of each question, <c>[batch]</c>.</param>
    /// <param name="withImage">False for the baseline that sees nothing: every image is <see cref="MeanImageTokens"/>.</param>
    /// <returns>fp32, <c>[batch, K]</c>: the logit of each answer's own probability.</returns>
    public Tensor Logits(Tensor? images, Tensor tokens, Tensor lengths, bool withImage = true)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        using var scope = NewDisposeScope();
        var seen = withImage ? ImageTokens(images ?? throw new ArgumentNullException(nameof(images))) : MeanImageTokens(tokens.shape[0]);
        return Fuse(seen, TextTokens(tokens, lengths), lengths).MoveToOuterDisposeScope();
    }

    /// <summary>What the image tower makes of whole images.</summary>
    /// <param name="images">uint8 0..255, <c>[batch, size, size, 3]</c>.</param>
    /// <returns>In the compute type, <c>[batch, (1 +) patches, width of the image tower]</c>.</returns>
    public Tensor ImageTokens(Tensor images)
    {
        using var scope = NewDisposeScope();
        return _image.NormalizedTokens(_image.Tokens(_image.GatherPatches(images, null), null)).MoveToOuterDisposeScope();
    }

    /// <summary>What the image tower makes of the image of the mean colour, whose normalised pixels are 0; computed once for all rows.</summary>
    /// <param name="batch">Rows.</param>
    /// <returns>As of <see cref="ImageTokens"/>.</returns>
    public Tensor MeanImageTokens(long batch)
    {
        using var scope = NewDisposeScope();
        var (patches, patch) = (Config.Image.PatchCount(), Config.Image.PatchSize);
        var nothing = zeros(1, patches, patch * patch * 3, ScalarType.Float32, Parameters.Device);
        return _image.NormalizedTokens(_image.Tokens(nothing, null)).expand(batch, -1, -1).MoveToOuterDisposeScope();
    }

    /// <summary>What the text tower makes of questions: all their tokens behind the final LayerNorm.</summary>
    /// <param name="tokens">int64 ids, padded, <c>[batch, T]</c>.</param>
    /// <param name="lengths">int64 valid tokens of each question, <c>[batch]</c>.</param>
    /// <returns>In the compute type, <c>[batch, T, width of the text tower]</c>.</returns>
    public Tensor TextTokens(Tensor tokens, Tensor lengths)
    {
        using var scope = NewDisposeScope();
        return _text.Normalize(_text.Tokens(tokens, lengths, null)).MoveToOuterDisposeScope();
    }

    /// <summary>Scores of all answers from what the towers made. Padding is not looked at, whatever the text tower does with it.</summary>
    /// <param name="imageTokens">From <see cref="ImageTokens"/> or <see cref="MeanImageTokens"/>.</param>
    /// <param name="textTokens">From <see cref="TextTokens"/>.</param>
    /// <param name="lengths">int64 valid tokens of each question, <c>[batch]</c>.</param>
    /// <returns>fp32, <c>[batch, K]</c>.</returns>
    public Tensor Fuse(Tensor imageTokens, Tensor textTokens, Tensor lengths)
    {
        ArgumentNullException.ThrowIfNull(imageTokens);
        ArgumentNullException.ThrowIfNull(textTokens);
        ArgumentNullException.ThrowIfNull(lengths);
        using var scope = NewDisposeScope();
        var (batch, places, length) = (imageTokens.shape[0], imageTokens.shape[1], textTokens.shape[1]);
        var type = Parameters.ComputeType;
        var image = _imageInput.Forward(imageTokens).Plus(_types.Value.select(0, 0).to(type));
        var text = _textInput.Forward(textTokens).Plus(_types.Value.select(0, 1).to(type));
        var x = cat([_classToken.Value.to(type).expand(batch, 1, -1), image, text], 1); // [batch, 1 + places + length, width]
        var isQuestion = TensorMath.Range(length, lengths.device).unsqueeze(0).lt(lengths.unsqueeze(1)); // [batch, length]
        var mask = cat([ones(batch, 1 + places, ScalarType.Bool, lengths.device), isQuestion], 1).unsqueeze(1).unsqueeze(1); // [batch, 1, 1, all]
        var last = BlockTape.Forward(Tape, _blocks, x, mask);
        var hidden = functional.gelu(_hidden.Forward(_finalNorm.Forward(last.select(1, 0))));
        return functional.linear(hidden.to(ScalarType.Float32), _outputWeight.Value, _outputBias.Value).MoveToOuterDisposeScope();
    }

    /// <summary>Tokens of a batch's questions that are computed: up to the longest where padding changes no token of a question, else the whole rows.</summary>
    /// <param name="lengths">Valid tokens of each question.</param>
    /// <param name="rowLength">Tokens of a row.</param>
    internal int ComputedLength(ReadOnlySpan<int> lengths, int rowLength)
    {
        if (Config.Text is { AttendPadding: true, Causal: false })
        {
            return rowLength;
        }

        var longest = 1;
        foreach (var length in lengths)
        {
            longest = Math.Max(longest, length);
        }

        return longest;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _image.Dispose();
        _text.Dispose();
        Parameters.Dispose();
    }
}
