using Flip.Config;
using Flip.Conversion.Containers;
using Flip.Conversion.Formats;
using Flip.Conversion.Onnx;
using Flip.Io;
using Flip.Native;
using Flip.Tokenizers;
using Flip.Training;

namespace Flip.Conversion;

/// <summary>
/// Opens a model whatever its format: ours (a model, run or checkpoint folder), Hugging Face CLIP, open_clip, OpenAI CLIP, official FLIP.
/// What a path holds is found out from its content.
/// </summary>
public static class ModelSource
{
    private const string HuggingFaceWeights = "model.safetensors";

    /// <summary>The weights' files of a foreign folder, the preferred ones first.</summary>
    private static readonly string[] WeightFiles =
    [
        HuggingFaceWeights, "model.safetensors.index.json", OpenClipFormat.WeightsFile, "pytorch_model.bin", "open_clip_pytorch_model.bin",
    ];

    /// <summary>Opens a model and reads its weights.</summary>
    /// <param name="path">A folder, or a file of weights.</param>
    /// <param name="change">Changes the configuration before the model is built: device, precision, image size.</param>
    /// <param name="trains">Makes room for gradients.</param>
    /// <exception cref="CheckpointFormatException">The path holds no model, or a damaged one.</exception>
    public static LoadedModel Load(string path, Func<FlipConfig, FlipConfig>? change = null, bool trains = false)
    {
        using var stored = Open(path);
        return stored.Load(change, trains);
    }

    /// <summary>Opens a model without reading its weights.</summary>
    /// <param name="path">A folder, or a file of weights.</param>
    /// <exception cref="CheckpointFormatException">The path holds no model that Flip knows.</exception>
    public static StoredModel Open(string path)
    {
        LibTorch.EnsureLoaded();
        if (File.Exists(path))
        {
            return OpenFile(path);
        }

        if (!Directory.Exists(path))
        {
            throw new CheckpointFormatException(path, null, "no such file or folder");
        }

        if (File.Exists(Path.Combine(path, OpenClipFormat.ConfigFile)))
        {
            return Open(FindWeights(path, preferOpenClip: true), weights => OpenClipFormat.Open(path, weights, () => TokenizerFactory.Load(path)));
        }

        if (HuggingFaceFormat.ModelType(path) is not null)
        {
            return Open(FindWeights(path, preferOpenClip: false), weights => HuggingFaceFormat.Open(path, weights, () => TokenizerFactory.Load(path)));
        }

        return FlaxCheckpoint.FindIndex(path) is not null ? OpenFile(path) : ModelFolder.Open(path);
    }

    /// <summary>Weights without a configuration beside them.</summary>
    private static StoredModel OpenFile(string path) => Open(path, weights =>
    {
        ITokenizer Tokenizer() => TokenizerFactory.Load(Path.GetDirectoryName(Path.GetFullPath(path))!);
        if (OfficialFlipFormat.Recognizes(weights))
        {
            return OfficialFlipFormat.Open(weights, Tokenizer);
        }

        return StateDictFormat.Recognizes(weights)
            ? StateDictFormat.Open(weights, Tokenizer)
            : throw new CheckpointFormatException(path, null, Unknown(weights));
    });

    private static string Unknown(ITensorSource weights)
    {
        var advice = weights switch
        {
            _ when weights.Contains("image.patchEmbedding.weight") => "Flip's own weights: give their folder, which has the configuration",
            _ when weights.Contains("vision_model.embeddings.patch_embedding.weight") => "a CLIPModel's weights: give their folder, which has the configuration",
            _ when weights.Names.Any(name => name.StartsWith("visual.layer1.", StringComparison.Ordinal)) => "a CLIP with a ResNet, which Flip does not have",
            _ => "none of the models that Flip knows (its own, Hugging Face CLIP, open_clip, OpenAI CLIP, official FLIP)",
        };
        return weights.Names is [var first, ..] ? $"holds {weights.Names.Count} tensors such as '{first}': {advice}" : "holds no tensors";
    }

    private static StoredModel Open(string weightsPath, Func<ITensorSource, StoredModel> describe)
    {
        var weights = TensorSources.Open(weightsPath);
        try
        {
            return describe(weights);
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    private static string FindWeights(string folder, bool preferOpenClip)
    {
        var names = preferOpenClip ? WeightFiles.OrderBy(name => name.StartsWith("open_clip", StringComparison.Ordinal) ? 0 : 1) : WeightFiles.AsEnumerable();
        return names.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
            ?? throw new CheckpointFormatException(folder, null, Directory.Exists(Path.Combine(folder, OnnxFolder.Graphs))
                ? "holds graphs for ONNX, which Flip writes and does not read: give the model that they were made from"
                : $"has a configuration but no weights: expected one of {string.Join(", ", WeightFiles)}");
    }
}
