using Flip.Config;
using Flip.Devices;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Flip.Models;

/// <summary>
/// An image tower with a linear layer over classes. It declares the tower, the projection where the head reads embeddings, and the head: nothing
/// of a text tower takes memory. The head computes in fp32.
/// </summary>
public sealed class ImageClassifier : IDisposable
{
    // MAE: so small that the first updates are the head's own.
    private const double HeadDeviation = 2e-5;
    private const string HeadWeight = "head.weight";
    private const string HeadBias = "head.bias";

    private readonly ImageTower _tower;
    private readonly Linear? _projection;
    private readonly Parameter _headWeight;
    private readonly Parameter _headBias;

    /// <summary>A classifier with new weights.</summary>
    /// <param name="config">The model whose image tower it has.</param>
    /// <param name="classes">Number of classes K.</param>
    /// <param name="head">What the linear layer reads.</param>
    /// <param name="computeType">Float32 or BFloat16, of the tower.</param>
    /// <param name="device">Device of all weights; null for the CPU.</param>
    /// <param name="seed">Seed of the weights; null leaves them 0, to be read from a file.</param>
    /// <param name="trains">Makes room for gradients.</param>
    public ImageClassifier(
        ModelConfig config,
        int classes,
        ClassifierHead head,
        ScalarType computeType = ScalarType.Float32,
        Device? device = null,
        ulong? seed = 0,
        bool trains = true)
        : this(config, classes, head) => Parameters.Allocate(computeType, device ?? CPU, seed, trains);

    private ImageClassifier(ModelConfig config, int classes, ClassifierHead head)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(classes);
        (Config, Classes, Head) = (config, classes, head);
        Parameters = new FlatParameters();
        _tower = new ImageTower(Parameters, config, classTokenDecays: false);
        _projection = head == ClassifierHead.ZeroShot
            ? FlipModel.ProjectionOf(Parameters, config)
            : null;
        FeatureDim = head == ClassifierHead.ZeroShot ? config.EmbedDim : config.Image.Width;
        _headWeight = Parameters.Add(HeadWeight, [classes, FeatureDim], Initializer.Normal(HeadDeviation), decays: true, keepsFp32: true);
        _headBias = Parameters.Add(HeadBias, [classes], Initializer.Constant(0), decays: false, keepsFp32: true);
    }

    /// <summary>Names and shapes of the parameters that a classifier would have, without its memory.</summary>
    public static IReadOnlyList<(string Name, long[] Shape)> Declare(ModelConfig config, int classes, ClassifierHead head)
    {
        using var classifier = new ImageClassifier(config, classes, head);
        return [.. classifier.Parameters.All.Select(parameter => (parameter.Name, parameter.Shape))];
    }

    /// <summary>Whether a parameter is of the linear layer, which no model has.</summary>
    public static bool IsOfHead(string parameter) => parameter is HeadWeight or HeadBias;

    /// <summary>The model whose image tower it has.</summary>
    public ModelConfig Config { get; }

    /// <summary>Number of classes K.</summary>
    public int Classes { get; }

    /// <summary>What the linear layer reads.</summary>
    public ClassifierHead Head { get; }

    /// <summary>Width D of what the linear layer reads.</summary>
    public int FeatureDim { get; }

    /// <summary>All weights.</summary>
    public FlatParameters Parameters { get; }

    /// <summary>Where the tower writes the blocks that the backward pass computes again; null for none.</summary>
    internal BlockTape? Tape
    {
        get => _tower.Tape;
        set => _tower.Tape = value;
    }

    /// <summary>Scores of all classes.</summary>
    /// <param name="images">uint8 0..255 or normalised fp32, <c>[batch, size, size, 3]</c>.</param>
    /// <param name="idsKeep">int64 kept patches, <c>[batch, kept]</c>; null for all.</param>
    /// <param name="branchScale">Factors on the blocks' branches, <c>[blocks, 2, batch, 1, 1]</c> (<see cref="DropPath"/>); null for 1.</param>
    /// <returns>fp32, <c>[batch, classes]</c>.</returns>
    public Tensor Logits(Tensor images, Tensor? idsKeep = null, Tensor? branchScale = null) =>
        functional.linear(Features(images, idsKeep, branchScale), _headWeight.Value, _headBias.Value);

    /// <summary>Scores of all classes from plain memory, without graph, of whole images.</summary>
    /// <param name="pixels">RGB 0..255, <c>[count, S, S, 3]</c>.</param>
    /// <param name="count">Number of images.</param>
    /// <returns><c>[count, classes]</c></returns>
    public float[] Score(ReadOnlyMemory<byte> pixels, int count)
    {
        using var result = Submit(pixels, count);
        return result.Read();
    }

    /// <summary>Puts whole images with their scores into the device's queue; nothing is waited for, and the pixels may be written again.</summary>
    /// <inheritdoc cref="Score"/>
    public PendingResult Submit(ReadOnlyMemory<byte> pixels, int count)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var size = Config.Image.ImageSize;
        return DeviceTraffic.StartRead(Logits(DeviceTraffic.Send<byte>(pixels.Span, Parameters.Device, count, size, size, 3)));
    }

    /// <summary>The weights of the tower, and of the projection where the head is behind one.</summary>
    internal IReadOnlyList<Parameter> TowerParameters => [.. Parameters.All.Where(p => !IsOfHead(p.Name))];

    /// <summary>Sets the head, with a bias of 0.</summary>
    /// <param name="weights">One row a class, <c>[classes, D]</c>.</param>
    public void SetHead(ReadOnlySpan<float> weights)
    {
        if (weights.Length != _headWeight.Count)
        {
            throw new ArgumentException($"A head of {Classes} classes and {FeatureDim} features has {_headWeight.Count} weights, not {weights.Length}.", nameof(weights));
        }

        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        _headWeight.Master.copy_(tensor(weights.ToArray()).view(_headWeight.Shape));
        _headBias.Master.zero_();
        Parameters.CastToCompute();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _tower.Dispose();
        Parameters.Dispose();
    }

    private Tensor Features(Tensor images, Tensor? idsKeep, Tensor? branchScale)
    {
        var pooled = _tower.Pool(_tower.Tokens(_tower.GatherPatches(images, idsKeep), idsKeep, branchScale));
        return Head == ClassifierHead.ZeroShot
            ? FlipModel.Normalize(FlipModel.Project(_projection, pooled), Config.NormEps)
            : pooled.to(ScalarType.Float32);
    }
}
