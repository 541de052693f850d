using Flip.Config;
using Flip.Conversion.Containers;
using Flip.Conversion.Formats;
using Flip.Native;
using Flip.Storage;
using Flip.Tokenizers;

namespace Flip.Conversion;

/// <summary>
/// Opens a model whatever its format: ours (a model, run or checkpoint folder), Hugging Face CLIP and SigLIP, open_clip, OpenAI CLIP, official FLIP.
/// What a path holds is found out from its content. Where a file holds several models, such as weights and their average, one is taken and it
/// is said which; <c>FILE#NAME</c> names one, by the key or prefix that it lies under.
/// </summary>
public static class ModelSource
{
    /// <summary>Opens a model and reads its weights.</summary>
    /// <param name="path">A folder, or a file of weights.</param>
    /// <param name="change">Changes the configuration before the model is built: device, precision, image size.</param>
    /// <param name="trains">Makes room for gradients.</param>
    /// <param name="say">Receives what had to be assumed of a foreign model, a sentence each; null for nobody.</param>
    /// <exception cref="CheckpointFormatException">The path holds no model, or a damaged one.</exception>
    public static LoadedModel Load(
        string path, Func<FlipConfig, FlipConfig>? change = null, bool trains = false, Action<string>? say = null)
    {
        using var stored = Open(path);
        var loaded = stored.Load(change, trains);
        foreach (var assumed in stored.AssumptionsFor(loaded.Config))
        {
            say?.Invoke(assumed.Text);
        }

        return loaded with { NewEncoder = opened => ImageRuntimes.Encoder(opened, say) };
    }

    /// <summary>Opens a model with the user's settings, and reads its weights.</summary>
    /// <param name="path">A folder, or a file of weights.</param>
    /// <param name="sets">Settings, <c>key=value</c>.</param>
    /// <param name="say">Receives what had to be assumed of a foreign model, a sentence each; null for nobody.</param>
    /// <exception cref="CheckpointFormatException">The path holds no model, or a damaged one.</exception>
    /// <exception cref="ConfigException">A setting is wrong.</exception>
    public static LoadedModel Load(string path, IReadOnlyList<string> sets, Action<string>? say = null) => Load(path, stored => ConfigReader.Overlay(stored, sets), say: say);

    /// <summary>The configuration that a model's files describe.</summary>
    /// <param name="path">A folder, or a file of weights.</param>
    public static FlipConfig ConfigOf(string path)
    {
        using var stored = Open(path);
        return stored.Config;
    }

    /// <summary>Opens a model with settings that its files may not tell, such as heads, without reading its weights.</summary>
    /// <param name="path">A folder, or a file of weights.</param>
    /// <param name="sets">Settings, <c>key=value</c>.</param>
    /// <exception cref="ConfigException">A setting is wrong.</exception>
    public static StoredModel Open(string path, IReadOnlyList<string> sets)
    {
        var stored = Open(path);
        try
        {
            var config = stored.Changed(own => ConfigReader.Overlay(own, sets));
            return stored with { Config = config, Tokenizer = () => stored.TokenizerFor(config.Data), Assumptions = stored.AssumptionsFor(config) };
        }
        catch
        {
            stored.Dispose();
            throw;
        }
    }

    /// <summary>Opens a model without reading its weights.</summary>
    /// <param name="path">A folder, or a file of weights.</param>
    /// <exception cref="CheckpointFormatException">The path holds no model that Flip knows.</exception>
    public static StoredModel Open(string path)
    {
        LibTorch.EnsureLoaded();
        (path, var part) = Split(path);
        if (File.Exists(path))
        {
            return OpenFile(path, part);
        }

        if (!Directory.Exists(path))
        {
            throw new CheckpointFormatException(path, null, "no such file or folder");
        }

        if (File.Exists(Path.Combine(path, OpenClipFormat.ConfigFile)))
        {
            return Describe(
                TensorSources.OpenFolder(path, preferOpenClip: true), part, weights => OpenClipFormat.Open(path, weights, () => TokenizerFactory.Load(path)));
        }

        if (HuggingFaceFormat.ModelType(path) is not null)
        {
            return Describe(
                TensorSources.OpenFolder(path, preferOpenClip: false), part, weights => HuggingFaceFormat.Open(path, weights, () => TokenizerFactory.Load(path)));
        }

        return FlaxCheckpoint.FindIndex(path) is not null ? OpenFile(path, part) : ModelFolder.Open(path);
    }

    /// <summary>All tensors of a file or folder of weights, whether they are a model or not.</summary>
    /// <param name="path">As for <see cref="Open"/>.</param>
    /// <exception cref="CheckpointFormatException">It is no file of weights, or a damaged one.</exception>
    public static ITensorSource OpenTensors(string path)
    {
        LibTorch.EnsureLoaded();
        return TensorSources.Open(Split(path).Path);
    }

    /// <summary>Weights without a configuration beside them.</summary>
    private static StoredModel OpenFile(string path, string? part) => Describe(TensorSources.Open(path), part, weights =>
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

    /// <summary>A path and what follows its last '#', where no file or folder has the whole as its name.</summary>
    private static (string Path, string? Part) Split(string path)
    {
        var mark = path.LastIndexOf('#');
        return mark > 0 && mark < path.Length - 1 && !Path.Exists(path) && Path.Exists(path[..mark]) ? (path[..mark], path[(mark + 1)..]) : (path, null);
    }

    private static string Unknown(ITensorSource weights)
    {
        var advice = weights switch
        {
            _ when weights.Contains("image.patchEmbedding.weight") => "Flip's own weights: give their folder, which has the configuration",
            _ when weights.Contains("vision_model.embeddings.patch_embedding.weight") => "a CLIPModel's or SiglipModel's weights: give their folder, which has the configuration",
            _ when weights.Names.Any(name => name.StartsWith("visual.layer1.", StringComparison.Ordinal)) => "a CLIP with a ResNet, which Flip does not have",
            _ when weights.Names.Any(name => name.StartsWith("visual.trunk.", StringComparison.Ordinal)) && !weights.Contains("visual.trunk.pos_embed")
                => "an open_clip model whose image tower is not timm's VisionTransformer, the only one of timm's that Flip has",
            _ when weights.Contains("visual.conv1.weight") || weights.Contains("visual.trunk.pos_embed")
                => "an open_clip model whose text tower is not CLIP's Transformer, or no whole one",
            _ => "none of the models that Flip knows (its own, Hugging Face CLIP and SigLIP, open_clip, OpenAI CLIP, official FLIP)",
        };
        return weights.Names is [var first, ..]
            ? $"holds {weights.Names.Count} tensors such as '{weights.Describe(first).Name}': {advice}" // a tensor that cannot be read says why
            : "holds no tensors";
    }

    private static StoredModel Describe(ITensorSource file, string? part, Func<ITensorSource, StoredModel> describe)
    {
        try
        {
            var weights = ModelTensors.Of(file, part);
            var stored = describe(weights);
            if (ConfigReader.SizeProblems(stored.Config) is { Count: > 0 } problems)
            {
                throw new CheckpointFormatException(file.Path, null, "describes no model that can be: " + string.Join("; ", problems));
            }

            return stored with { Assumptions = [.. weights.Notes.Select(note => new Assumption(note)), .. stored.Assumptions] };
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
