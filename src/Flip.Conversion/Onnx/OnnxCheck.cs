using Flip.Config;
using Flip.Losses;
using Flip.Models;
using Flip.Storage;
using Microsoft.ML.OnnxRuntime;
using static TorchSharp.torch;

namespace Flip.Conversion.Onnx;

/// <summary>
/// Runs an export in ONNX Runtime beside the model it was made from. Pixels are normalised by the numbers in the file, as its user would.
/// Files are opened one after another, so that memory is that of the model and one session.
/// </summary>
public static class OnnxCheck
{
    /// <summary>
    /// What an entry of an fp32 export's embeddings, of norm 1, may differ by. Measured are 4e-7 at most; the tanh form of GELU in place of
    /// the exact one makes 6e-5.
    /// </summary>
    public const double Fp32Tolerance = 2e-5;

    /// <summary>The same of an fp16 export. Measured are 2e-4 on ViT-B/16 and L/14, 8e-4 on embeddings of 8 entries.</summary>
    public const double Fp16Tolerance = 4e-3;

    /// <summary>
    /// The same of a quantised export: what it loses depends on the model and is for its user to judge, so only what is no number is refused, as
    /// two embeddings of norm 1 never differ by more.
    /// </summary>
    public const double QuantizedTolerance = 2;

    /// <summary>Compares all outputs of an export. A logit may differ by the logit scale times twice what an embedding may.</summary>
    /// <param name="model">The model. One that computes below fp32 is copied to fp32 for this.</param>
    /// <param name="folder">Of the export.</param>
    /// <param name="inputs">What both are run on.</param>
    /// <param name="precisions">The number formats that the export has.</param>
    /// <exception cref="CheckpointFormatException">ONNX Runtime cannot read or run a file.</exception>
    public static IReadOnlyList<OnnxDifference> Compare(
        FlipModel model, string folder, OnnxInputs inputs, IReadOnlyList<OnnxPrecision> precisions)
    {
        var expected = Expected(model, inputs);
        return [..
            from precision in precisions
            from file in OnnxExporter.NamesOf(precision)
            from difference in Compare(Path.Combine(folder, file), precision, inputs, expected)
            select difference];
    }

    /// <summary>Compares, and makes a difference beyond its tolerance an error.</summary>
    /// <inheritdoc cref="Compare(FlipModel, string, OnnxInputs, IReadOnlyList{OnnxPrecision})"/>
    /// <exception cref="OnnxMismatchException">A difference is beyond its tolerance.</exception>
    public static IReadOnlyList<OnnxDifference> Require(
        FlipModel model, string folder, OnnxInputs inputs, IReadOnlyList<OnnxPrecision> precisions)
    {
        var differences = Compare(model, folder, inputs, precisions);
        return differences.All(difference => difference.IsWithin) ? differences : throw new OnnxMismatchException(folder, differences);
    }

    /// <summary>The model's outputs by the export's names, with the factor on their tolerance.</summary>
    private static Dictionary<string, (float[] Values, double Scale)> Expected(FlipModel model, OnnxInputs inputs)
    {
        using var copy = model.Parameters.ComputeType == ScalarType.Float32 ? null : InFp32(model);
        var encoder = new InferenceEncoder(copy ?? model);
        var images = encoder.EncodeImages(inputs.Pixels, inputs.Images);
        var texts = encoder.EncodeTexts(inputs.Tokens, inputs.Lengths, inputs.Texts);

        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var factor = model.LogitFactor().cpu();
        var logits = ContrastiveLoss.Logits(tensor(images).view(inputs.Images, -1), tensor(texts).view(inputs.Texts, -1), factor);
        logits = model.LogitBias is { } bias ? logits.Plus(bias.Master.cpu()) : logits;
        var scale = 2 * factor.item<float>();
        return new()
        {
            [OnnxImageTower.Output] = (images, 1),
            [OnnxTextTower.Output] = (texts, 1),
            [OnnxExporter.LogitsPerImage] = (logits.data<float>().ToArray(), scale),
            [OnnxExporter.LogitsPerText] = (logits.t().contiguous().data<float>().ToArray(), scale),
        };
    }

    /// <summary>The towers with the same master weights, computing in fp32 on the processor.</summary>
    private static FlipModel InFp32(FlipModel model)
    {
        var towers = model.Config with { Reconstruction = new ReconstructionConfig() };
        var copy = new FlipModel(towers, model.LogitBias is null ? LossKind.InfoNce : LossKind.Sigmoid, seed: null, trains: false);
        using var noGradient = no_grad();
        foreach (var parameter in copy.Parameters.All)
        {
            parameter.Master.copy_(model.Parameters.Find(parameter.Name)!.Master);
        }

        return copy;
    }

    private static List<OnnxDifference> Compare(
        string path, OnnxPrecision precision, OnnxInputs inputs, Dictionary<string, (float[] Values, double Scale)> expected)
    {
        var values = new Dictionary<string, OrtValue>();
        try
        {
            using var session = OnnxSessions.Open(path, runsOften: false);
            var metadata = session.ModelMetadata.CustomMetadataMap;
            foreach (var name in session.InputNames)
            {
                values[name] = inputs.Value(name, metadata);
            }

            using var run = new RunOptions();
            using var results = session.Run(run, values, session.OutputNames);
            var tolerance = precision switch
            {
                OnnxPrecision.Fp16 => Fp16Tolerance,
                OnnxPrecision.Quantized => QuantizedTolerance,
                _ => Fp32Tolerance,
            };
            var differences = new List<OnnxDifference>();
            foreach (var (name, result) in session.OutputNames.Zip(results))
            {
                var columns = (int)result.GetTensorTypeAndShape().Shape[1];
                var (ours, scale) = expected[name];
                differences.Add(OnnxDifference.Of(
                    Path.GetFileName(path), name, precision, ours, result.GetTensorDataAsSpan<float>(), columns, scale * tolerance));
            }

            return differences;
        }
        catch (OnnxRuntimeException e)
        {
            throw new CheckpointFormatException(path, null, "ONNX Runtime: " + e.Message.ReplaceLineEndings(" ").TrimEnd('.', ' '), e);
        }
        finally
        {
            foreach (var value in values.Values)
            {
                value.Dispose();
            }
        }
    }
}
