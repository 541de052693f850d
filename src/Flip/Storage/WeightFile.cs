using System.Security.Cryptography;
using System.Text;
using Flip.Config;
using Flip.Io;
using Flip.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Storage;

/// <summary>The weights of a model in a file: ours by parameter name, or of another format by its <see cref="IWeightNames"/>.</summary>
public static class WeightFile
{
    private const string Positions = "image.positions";
    private const int MostProblems = 100; // of a description of a thousand blocks and a file of twelve

    /// <summary>Writes all parameters from a flat buffer: the master weights, or an average of them.</summary>
    public static void Save(string path, FlatParameters parameters, Tensor? flat = null)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(path, Tensors(parameters, flat ?? parameters.Master));
    }

    /// <summary>The same, hashed on the way.</summary>
    /// <returns>Length and hash of the file.</returns>
    internal static FileDigest SaveHashed(string path, FlatParameters parameters, Tensor flat)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return SafetensorsWriter.WriteHashed(path, Tensors(parameters, flat));
    }

    /// <summary>Writes buffers laid out as the parameters', each as one tensor of all their entries, in their order, without the zeros between.</summary>
    /// <returns>Length and hash of the file.</returns>
    internal static FileDigest SaveFlatHashed(string path, FlatParameters parameters, IReadOnlyList<(string Name, Tensor Flat)> buffers)
    {
        var count = parameters.All.Sum(parameter => parameter.Count);
        return SafetensorsWriter.WriteHashed(path, [.. buffers.Select(buffer => (
            new TensorDescription(buffer.Name, SafetensorsTypes.NameOf(ScalarType.Float32)!, [count]),
            (Action<Stream>)(stream =>
            {
                using var scope = NewDisposeScope();
                foreach (var (_, tensor) in Tensors(parameters, buffer.Flat))
                {
                    SafetensorsWriter.WriteData(stream, tensor);
                }
            })))]);
    }

    /// <summary>Reads all parameters of one of our own files.</summary>
    /// <inheritdoc cref="Load(ITensorSource, IWeightNames, FlipModel)"/>
    public static void Load(string path, FlipModel model)
    {
        using var reader = new SafetensorsReader(path);
        Load(reader, OwnNames.Instance, model);
    }

    /// <summary>Reads all parameters; learned image positions are resized where the grid differs.</summary>
    /// <exception cref="CheckpointFormatException">Names or shapes differ: all of them are listed; or a weight is not finite.</exception>
    public static void Load(ITensorSource source, IWeightNames names, FlipModel model) =>
        Load(source, names, model.Parameters, model.Config);

    /// <summary>Reads all parameters of what has the image tower of <paramref name="config"/>.</summary>
    /// <inheritdoc cref="Load(ITensorSource, IWeightNames, FlipModel)"/>
    public static void Load(ITensorSource source, IWeightNames names, FlatParameters parameters, ModelConfig config)
    {
        Check(source, names, config, Shapes(parameters.All));
        Read(source, names, parameters.All, config);
        parameters.CastToCompute();
    }

    /// <summary>Reads a classifier's tower (and the projection) from a model of any format; its text tower is passed over.</summary>
    /// <exception cref="CheckpointFormatException">A weight is missing, of another shape or not finite.</exception>
    public static void LoadTower(this ImageClassifier classifier, ITensorSource source, IWeightNames names)
    {
        ArgumentNullException.ThrowIfNull(classifier);
        LoadPart(source, names, classifier.TowerParameters, classifier.Config);
        classifier.Parameters.CastToCompute();
    }

    /// <summary>Reads a captioner's tower from a model of any format; all else that it has is passed over.</summary>
    /// <exception cref="CheckpointFormatException">A weight is missing, of another shape or not finite.</exception>
    public static void LoadTower(this Captioner captioner, ITensorSource source, IWeightNames names)
    {
        ArgumentNullException.ThrowIfNull(captioner);
        LoadPart(source, names, captioner.TowerParameters, captioner.Config);
        captioner.Parameters.CastToCompute();
    }

    /// <summary>Reads both towers of a model of any format; its projections and logit scale are passed over.</summary>
    /// <exception cref="CheckpointFormatException">A weight is missing, of another shape or not finite.</exception>
    public static void LoadTower(this QuestionAnswerer answerer, ITensorSource source, IWeightNames names)
    {
        ArgumentNullException.ThrowIfNull(answerer);
        LoadPart(source, names, answerer.TowerParameters, answerer.Config);
        answerer.Parameters.CastToCompute();
    }

    /// <summary>Reads the master weights of some parameters; whatever else the source holds is passed over.</summary>
    /// <inheritdoc cref="Load(ITensorSource, IWeightNames, FlipModel)"/>
    public static void LoadPart(ITensorSource source, IWeightNames names, IReadOnlyList<Parameter> parameters, ModelConfig config)
    {
        CheckPart(source, names, config, Shapes(parameters));
        Read(source, names, parameters, config);
    }

    /// <summary>SHA-256 of all parameters, names, shapes and values: the same for the same model, whatever file it came from.</summary>
    /// <returns>64 lower-case hexadecimal digits.</returns>
    public static string Hash(FlatParameters parameters)
    {
        using var hash = SHA256.Create();
        using (var stream = new CryptoStream(Stream.Null, hash, CryptoStreamMode.Write))
        {
            foreach (var parameter in parameters.All)
            {
                stream.Write(Encoding.UTF8.GetBytes($"{parameter.Name} {Shown(parameter.Shape)}\n"));
                SafetensorsWriter.WriteData(stream, parameter.Master);
            }
        }

        return Convert.ToHexStringLower(hash.Hash!);
    }

    /// <summary>Checks that a source holds a model's parameters and nothing else.</summary>
    /// <param name="source">The file.</param>
    /// <param name="names">Its names.</param>
    /// <param name="config">The model.</param>
    /// <param name="parameters">Names and shapes of the model's parameters, <see cref="FlipModel.Declare"/>.</param>
    /// <exception cref="CheckpointFormatException">It does not: every missing, misshapen and unexpected tensor is listed.</exception>
    public static void Check(
        ITensorSource source, IWeightNames names, ModelConfig config, IReadOnlyList<(string Name, long[] Shape)> parameters)
    {
        var expected = new HashSet<string>();
        var problems = Misfits(source, names, config, parameters, expected);
        problems.AddRange(source.Names
            .Where(name => !expected.Contains(name) && !names.Ignores(name) && !IsUnusedDecoder(name, config))
            .Select(name => $"unexpected {name} {Shown(source.Describe(name).Shape)}"));
        Refuse(source, problems);
    }

    /// <summary>Checks that a source holds some parameters, whatever else it holds.</summary>
    /// <inheritdoc cref="Check" path="/exception"/>
    public static void CheckPart(
        ITensorSource source, IWeightNames names, ModelConfig config, IReadOnlyList<(string Name, long[] Shape)> parameters) =>
        Refuse(source, Misfits(source, names, config, parameters, []));

    /// <summary>A parameter in our layout; image positions are resized to the grid of <paramref name="image"/>.</summary>
    /// <exception cref="CheckpointFormatException">A tensor is damaged, no floating-point one, or holds a number that is not finite.</exception>
    public static Tensor Read(ITensorSource source, IWeightNames names, string parameter, ImageConfig image)
    {
        using var scope = NewDisposeScope();
        var stored = names.Find(parameter) ?? throw new ArgumentException($"The format has no place for {parameter}.", nameof(parameter));
        var parts = stored.Names.Select(name => stored.Layout.ToOurs(ReadFinite(source, name))).ToList();
        var whole = parts.Count == 1 ? parts[0] : cat(parts, 0);
        return (parameter == Positions
            ? PositionEmbedding.Resize(whole.to(ScalarType.Float32), ExtraTokens(image), image.GridSize(), image.PositionResize)
            : whole).MoveToOuterDisposeScope();
    }

    private static IEnumerable<(string Name, Tensor Tensor)> Tensors(FlatParameters parameters, Tensor flat) =>
        parameters.All.Select(p => (p.Name, flat.narrow(0, p.Offset, p.Count).view(p.Shape)));

    private static void Read(ITensorSource source, IWeightNames names, IReadOnlyList<Parameter> parameters, ModelConfig config)
    {
        using var noGrad = no_grad();
        foreach (var parameter in parameters)
        {
            using var scope = NewDisposeScope();
            parameter.Master.copy_(Read(source, names, parameter.Name, config.Image));
        }
    }

    /// <summary>Parameters that are missing or misshapen; <paramref name="expected"/> receives the names of all that belong to them.</summary>
    private static List<string> Misfits(
        ITensorSource source,
        IWeightNames names,
        ModelConfig config,
        IReadOnlyList<(string Name, long[] Shape)> parameters,
        HashSet<string> expected)
    {
        var problems = new List<string>();
        foreach (var (name, shape) in parameters)
        {
            if (names.Find(name) is not { } stored)
            {
                problems.Add($"the format has no place for {name} {Shown(shape)}");
                continue;
            }

            expected.UnionWith(stored.Names);
            problems.AddRange(stored.Names.Select((part, i) =>
                Problem(source, part, stored.Layout, stored.PartShape(shape, i), name == Positions, config.Image)).OfType<string>());
        }

        return problems;
    }

    private static void Refuse(ITensorSource source, List<string> problems)
    {
        if (problems.Count > 0)
        {
            var left = problems.Count - MostProblems;
            throw new CheckpointFormatException(
                source.Path, null, "does not fit the model: " + string.Join("; ", problems.Take(MostProblems)) + (left > 0 ? $"; and {left} more" : ""));
        }
    }

    private static IReadOnlyList<(string Name, long[] Shape)> Shapes(IReadOnlyList<Parameter> parameters) =>
        [.. parameters.Select(p => (p.Name, p.Shape))];

    private static Tensor ReadFinite(ITensorSource source, string name)
    {
        var tensor = source.ReadTensor(name);
        if (!tensor.is_floating_point())
        {
            throw new CheckpointFormatException(source.Path, name, $"weights are floating-point numbers, not {source.Describe(name).Type}");
        }

        return IsFinite(tensor) ? tensor : throw new CheckpointFormatException(
            source.Path, name, $"{tensor.isfinite().logical_not().sum().ToInt64()} of {tensor.numel()} weights are NaN or infinite");
    }

    /// <summary>Smallest and largest need no memory of the tensor's size, and either is NaN where an entry is.</summary>
    internal static bool IsFinite(Tensor tensor)
    {
        if (tensor.numel() == 0)
        {
            return true;
        }

        using var scope = NewDisposeScope();
        return float.IsFinite(tensor.min().ToSingle()) && float.IsFinite(tensor.max().ToSingle());
    }

    private static string? Problem(
        ITensorSource source, string name, TensorLayout layout, IReadOnlyList<long> wanted, bool positions, ImageConfig image)
    {
        if (!source.Contains(name))
        {
            return $"missing {name} {Shown(wanted)}";
        }

        var shape = source.Describe(name).Shape;
        return layout.Accepts(shape, wanted) || (positions && Resizes(shape, wanted, ExtraTokens(image)))
            ? null
            : $"{name} is {Shown(shape)}, expected {Shown(wanted)}";
    }

    private static bool Resizes(IReadOnlyList<long> shape, IReadOnlyList<long> wanted, int extra)
    {
        if (shape.Count != wanted.Count || shape[^1] != wanted[^1] || shape[^2] <= extra || (shape.Count == 3 && shape[0] != 1))
        {
            return false;
        }

        var side = (long)Math.Round(Math.Sqrt(shape[^2] - extra));
        return side * side == shape[^2] - extra;
    }

    /// <summary>A model that was trained with reconstruction is used without its decoder.</summary>
    private static bool IsUnusedDecoder(string name, ModelConfig config) =>
        config.Reconstruction.Weight == 0 && name.StartsWith(ReconstructionDecoder.Prefix, StringComparison.Ordinal);

    private static int ExtraTokens(ImageConfig image) => image.ClassToken == ClassToken.WithPosition ? 1 : 0;

    private static string Shown(IEnumerable<long> shape) => $"[{string.Join(", ", shape)}]";
}
