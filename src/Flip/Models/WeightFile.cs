using System.Security.Cryptography;
using System.Text;
using Flip.Io;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Models;

/// <summary>The weights of a model as a safetensors file, by parameter name.</summary>
public static class WeightFile
{
    /// <summary>Writes all parameters from a flat buffer: the master weights, or an average of them.</summary>
    public static void Save(string path, FlatParameters parameters, Tensor? flat = null)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(path, parameters.All.Select(p =>
            (p.Name, flat is null ? p.Master : flat.narrow(0, p.Offset, p.Count).view(p.Shape))));
    }

    /// <summary>
    /// Reads all parameters; learned image positions are resized where the grid differs, and a reconstruction decoder is left out
    /// where the model has none.
    /// </summary>
    /// <exception cref="CheckpointFormatException">Names or shapes differ: all of them are listed.</exception>
    public static void Load(string path, FlipModel model)
    {
        using var reader = new SafetensorsReader(path);
        var problems = Problems(reader, model);
        if (problems.Count > 0)
        {
            throw new CheckpointFormatException(path, null, "does not fit the model: " + string.Join("; ", problems));
        }

        using var noGrad = no_grad();
        foreach (var parameter in model.Parameters.All)
        {
            using var scope = NewDisposeScope();
            parameter.Master.copy_(Fitted(reader.ReadTensor(parameter.Name), parameter, model));
        }

        model.Parameters.CastToCompute();
    }

    /// <summary>SHA-256 of all parameters, names, shapes and values: the same for the same model, whatever file it came from.</summary>
    /// <returns>64 lower-case hexadecimal digits.</returns>
    public static string Hash(FlatParameters parameters)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var parameter in parameters.All)
        {
            using var scope = NewDisposeScope();
            hash.AppendData(Encoding.UTF8.GetBytes($"{parameter.Name} [{string.Join(", ", parameter.Shape)}]\n"));
            var flat = parameter.Master.detach().cpu().contiguous().view(-1);
            for (var start = 0L; start < flat.numel(); start += SafetensorsReader.ElementsAtOnce)
            {
                using var part = flat.narrow(0, start, Math.Min(SafetensorsReader.ElementsAtOnce, flat.numel() - start));
                hash.AppendData(part.bytes);
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static List<string> Problems(SafetensorsReader reader, FlipModel model)
    {
        var problems = new List<string>();
        foreach (var parameter in model.Parameters.All)
        {
            if (!reader.Contains(parameter.Name))
            {
                problems.Add($"missing {parameter.Name} [{string.Join(", ", parameter.Shape)}]");
            }
            else if (reader.Describe(parameter.Name).Shape is var shape && !shape.SequenceEqual(parameter.Shape) && !Resizes(parameter, shape))
            {
                problems.Add($"{parameter.Name} is [{string.Join(", ", shape)}], expected [{string.Join(", ", parameter.Shape)}]");
            }
        }

        problems.AddRange(reader.Names
            .Where(name => model.Parameters.Find(name) is null && (model.Reconstructs || !name.StartsWith(ReconstructionDecoder.Prefix, StringComparison.Ordinal)))
            .Select(name => $"unexpected {name}"));
        return problems;
    }

    private static bool Resizes(Parameter parameter, IReadOnlyList<long> shape) =>
        parameter.Name == "image.positions" && shape.Count == 2 && shape[1] == parameter.Shape[1];

    private static Tensor Fitted(Tensor stored, Parameter parameter, FlipModel model) => parameter.Name == "image.positions"
        ? PositionEmbedding.Resize(
            stored.to(ScalarType.Float32),
            model.Config.Image.ClassToken == Config.ClassToken.WithPosition ? 1 : 0,
            model.Config.Image.GridSize())
        : stored;
}
