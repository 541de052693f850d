using Flip.Config;
using Flip.Conversion.Onnx;
using Flip.Models;
using Flip.Storage;
using Microsoft.ML.OnnxRuntime;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Conversion;

/// <summary>The setting <c>eval.runtime</c>: what embeds whole images where a model is only used.</summary>
internal static class ImageRuntimes
{
    /// <summary>The encoder of a model.</summary>
    /// <param name="loaded">The model.</param>
    /// <param name="say">Receives why another than the wanted one computes; null for nobody.</param>
    /// <exception cref="ConfigException">ONNX Runtime is asked for and cannot do it.</exception>
    public static IDualEncoder Encoder(LoadedModel loaded, Action<string>? say)
    {
        var (runtime, precision, parameters) = (loaded.Config.Eval.Runtime, loaded.Config.Train.Precision, loaded.Model.Parameters);
        var isOnProcessor = parameters.Device.type == DeviceType.CPU;
        if (runtime == ImageRuntime.Onnx && (!isOnProcessor || precision == Precision.Bf16))
        {
            throw new ConfigException("eval.runtime = onnx: ONNX Runtime computes in fp32 on the processor; " + (isOnProcessor ? "leave train.precision out." : "set train.device=cpu, or leave it out."));
        }

        if (runtime == ImageRuntime.Libtorch || (runtime == ImageRuntime.Auto && !(isOnProcessor && parameters.ComputeType == ScalarType.Float32)))
        {
            return new InferenceEncoder(loaded.Model);
        }

        try
        {
            return new OnnxEncoder(loaded.Model);
        }
        catch (Exception e) when (e is OnnxRuntimeException or IOException or UnauthorizedAccessException or TypeInitializationException or DllNotFoundException)
        {
            var reason = (e.InnerException ?? e).Message.ReplaceLineEndings(" ").TrimEnd('.', ' ');
            if (runtime == ImageRuntime.Onnx)
            {
                throw new ConfigException($"eval.runtime = onnx: ONNX Runtime cannot compute this model: {reason}.");
            }

            say?.Invoke($"ONNX Runtime cannot compute this model, so libtorch does: {reason}.");
            return new InferenceEncoder(loaded.Model);
        }
    }
}
