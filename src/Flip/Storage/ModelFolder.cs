using Flip.Config;
using Flip.Io;
using Flip.Models;
using Flip.Tokenizers;

namespace Flip.Storage;

/// <summary>
/// A model on disk: <c>model.safetensors</c>, <c>config.json</c> and the tokenizer's files in one folder. A run folder or one
/// of its checkpoints stands for the model in it.
/// </summary>
public static class ModelFolder
{
    /// <summary>Name of the weights' file.</summary>
    public const string WeightsFile = "model.safetensors";

    /// <summary>Name of the configuration's file.</summary>
    public const string ConfigFile = "config.json";

    /// <summary>Folder of the finished model in a run.</summary>
    public const string InRun = "model";

    /// <summary>Folder of the tokenizer in a run.</summary>
    public const string TokenizerInRun = "tokenizer";

    /// <summary>Folder of checkpoints in a run.</summary>
    public const string CheckpointsInRun = "checkpoints";

    /// <summary>Writes a model's folder. Of the configuration it says what the model is and how it was trained; the user's own settings, as the device and
    /// where the data lay, are not part of a model.</summary>
    public static void Save(string folder, FlipConfig config, FlipModel model, ITokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(tokenizer);
        Directory.CreateDirectory(folder);
        tokenizer.Save(folder, config.Model.Text.Length);
        AtomicFile.WriteText(Path.Combine(folder, ConfigFile), ConfigWriter.ToJson(ConfigReader.ParseModel(ConfigWriter.ToJson(config), ConfigFile)));
        WeightFile.Save(Path.Combine(folder, WeightsFile), model.Parameters);
    }

    /// <summary>Reads the configuration of a model, run or checkpoint, without the settings that are the user's (<see cref="SettingOwner"/>).</summary>
    /// <exception cref="CheckpointFormatException">The folder holds no model.</exception>
    public static FlipConfig LoadConfig(string path) => ReadConfig(Locate(path).Config);

    /// <summary>Reads a model from its folder, from a run or from a checkpoint.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="change">Changes the configuration before the model is built: device, precision, image size.</param>
    /// <param name="trains">Makes room for gradients.</param>
    /// <exception cref="CheckpointFormatException">The folder holds no model, or one that does not fit its configuration.</exception>
    public static LoadedModel Load(string path, Func<FlipConfig, FlipConfig>? change = null, bool trains = false)
    {
        using var stored = Open(path);
        return stored.Load(change, trains);
    }

    /// <summary>Finds a model's parts in its folder, in a run or in a checkpoint; weights are not read yet.</summary>
    /// <exception cref="CheckpointFormatException">The folder holds no model.</exception>
    public static StoredModel Open(string path)
    {
        var place = Locate(path);
        var config = ReadConfig(place.Config);
        return new StoredModel(
            "Flip",
            config,
            new SafetensorsReader(place.Weights),
            OwnNames.Instance,
            () => TokenizerFactory.Load(place.Tokenizer));
    }

    /// <summary>A text vocabulary size of 0 becomes the tokenizer's, and an end marker's id that is not set too, where the feature is read at it.</summary>
    /// <exception cref="ConfigException">The token table has fewer rows than the vocabulary.</exception>
    public static FlipConfig WithVocabulary(FlipConfig config, ITokenizer tokenizer)
    {
        var text = config.Model.Text;
        if (text.VocabularySize > 0 && text.VocabularySize < tokenizer.VocabularySize)
        {
            throw new ConfigException(
                $"model.text.vocabularySize = {text.VocabularySize}: the vocabulary has {tokenizer.VocabularySize} entries, added tokens included; "
                + "the token table has no rows for the last of them.");
        }

        var reads = text is { Pooling: TextPooling.EndOfText, EndOfText: EndOfTextRule.Eos };
        return config with
        {
            Model = config.Model with
            {
                Text = text with
                {
                    VocabularySize = text.VocabularySize > 0 ? text.VocabularySize : tokenizer.VocabularySize,
                    EosTokenId = reads ? text.EosTokenId ?? tokenizer.EndOfTextId : text.EosTokenId,
                },
            },
        };
    }

    /// <summary>A model's configuration.</summary>
    /// <exception cref="CheckpointFormatException">It cannot be read.</exception>
    internal static FlipConfig ReadConfig(string path)
    {
        try
        {
            return ConfigReader.ParseModel(JsonInput.ReadText(path), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new CheckpointFormatException(path, null, e.Message, e);
        }
    }

    private static (string Config, string Weights, string Tokenizer) Locate(string path)
    {
        string At(params string[] parts) => Path.Combine([path, .. parts]);
        if (File.Exists(At(WeightsFile)) && File.Exists(At(ConfigFile)))
        {
            return (At(ConfigFile), At(WeightsFile), path);
        }

        if (File.Exists(At(WeightsFile)) && CheckpointFolder.IsInRun(path))
        {
            // A checkpoint: <run>/checkpoints/<samples>. Where weights are averaged, the average is the model.
            var weights = File.Exists(At(CheckpointFolder.AverageFile)) ? CheckpointFolder.AverageFile : WeightsFile;
            return (At("..", "..", ConfigFile), At(weights), At("..", "..", TokenizerInRun));
        }

        if (Directory.Exists(At(InRun)))
        {
            return Locate(At(InRun));
        }

        return CheckpointFolder.Latest(At(CheckpointsInRun)) is { } latest
            ? Locate(latest)
            : throw new CheckpointFormatException(
                path, null, $"holds no model: expected {WeightsFile} with {ConfigFile}, a run folder or one of its checkpoints");
    }
}
