using Flip.Config;
using Flip.Devices;
using Flip.Io;
using Flip.Models;
using Flip.Storage;
using Flip.Tasks.ImageTasks;
using Flip.Tokenizers;

namespace Flip.Tasks.Captioning;

/// <summary>A captioner with all it needs to be used.</summary>
/// <param name="Config">The configuration of the model whose tower it has.</param>
/// <param name="Tokenizer">Its words, with the marks of a caption's ends.</param>
/// <param name="Captioner">Tower, head and weights.</param>
public sealed record LoadedCaptioner(FlipConfig Config, MarkedTokenizer Tokenizer, Captioner Captioner) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Captioner.Dispose();
}

/// <summary>
/// A captioner on disk: <c>captioner.safetensors</c>, <c>config.json</c> (of the model whose tower it has), <c>captioner.json</c> (its head) and the tokenizer's
/// files in one folder. A run's folder stands for the captioner in its <c>model/</c>.
/// </summary>
public static class CaptionerFolder
{
    /// <summary>Name of the weights' file.</summary>
    public const string WeightsFile = "captioner.safetensors";

    /// <summary>Name of the head's file.</summary>
    public const string HeadFile = "captioner.json";

    private static readonly HeadFolder Folder = new(WeightsFile, "captioner", ModelFolder.ConfigFile, HeadFile);

    /// <summary>Writes a captioner's folder; the weights come last, so that a folder with weights is whole.</summary>
    public static void Save(string folder, LoadedCaptioner loaded)
    {
        ArgumentNullException.ThrowIfNull(loaded);
        Directory.CreateDirectory(folder);
        loaded.Tokenizer.Save(folder);
        AtomicFile.WriteText(Path.Combine(folder, ModelFolder.ConfigFile), ConfigWriter.ToJson(loaded.Config));
        AtomicFile.WriteText(Path.Combine(folder, HeadFile), RecipeFiles.CaptionHead.ToJson(loaded.Captioner.Head));
        WeightFile.Save(Path.Combine(folder, WeightsFile), loaded.Captioner.Parameters);
    }

    /// <summary>Reads a captioner from its folder or from a finished run.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="compute">Where and in which number format it computes; null for fp32 on the processor.</param>
    /// <param name="trains">Makes room for gradients.</param>
    /// <exception cref="CheckpointFormatException">The folder holds no captioner, or one that does not fit its configuration.</exception>
    public static LoadedCaptioner Load(string path, Compute? compute = null, bool trains = false)
    {
        var folder = Folder.Locate(path);
        var config = ModelFolder.ReadConfig(Path.Combine(folder, ModelFolder.ConfigFile));
        var head = ReadHead(Path.Combine(folder, HeadFile));
        var tokenizer = new MarkedTokenizer(TokenizerFactory.Load(folder));
        return new LoadedCaptioner(config, tokenizer, Folder.Read(
            folder,
            config.Model,
            Captioner.Declare(config.Model, head, tokenizer.VocabularySize),
            compute,
            trains,
            (type, device) => new Captioner(config.Model, head, tokenizer.VocabularySize, type, device, seed: null, trains),
            captioner => captioner.Parameters));
    }

    /// <summary>Whether there is a captioner at a place.</summary>
    public static bool IsCaptioner(string path) => Folder.IsAt(path);

    private static CaptionHeadConfig ReadHead(string path)
    {
        try
        {
            return RecipeFiles.CaptionHead.Parse(JsonInput.ReadText(path), path);
        }
        catch (Exception e) when (e is ConfigException or IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new CheckpointFormatException(path, null, e.Message, e);
        }
    }
}
