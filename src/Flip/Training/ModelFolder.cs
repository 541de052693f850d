using Flip.Config;
using Flip.Io;
using Flip.Models;
using Flip.Tokenizers;

namespace Flip.Training;

/// <summary>A model with all it needs to be used.</summary>
/// <param name="Config">The configuration it was trained with.</param>
/// <param name="Model">Towers and weights.</param>
/// <param name="Tokenizer">Turns captions into its rows.</param>
public sealed record LoadedModel(FlipConfig Config, FlipModel Model, ITokenizer Tokenizer) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Model.Dispose();
}

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

    /// <summary>Writes a model's folder.</summary>
    public static void Save(string folder, FlipConfig config, FlipModel model, ITokenizer tokenizer)
    {
        Directory.CreateDirectory(folder);
        tokenizer.Save(folder);
        AtomicFile.WriteText(Path.Combine(folder, ConfigFile), ConfigWriter.ToJson(config));
        WeightFile.Save(Path.Combine(folder, WeightsFile), model.Parameters);
    }

    /// <summary>Reads the configuration of a model, run or checkpoint.</summary>
    /// <exception cref="CheckpointFormatException">The folder holds no model.</exception>
    public static FlipConfig LoadConfig(string path) => ReadConfig(Locate(path).Config);

    /// <summary>Reads a model from its folder, from a run or from a checkpoint.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="change">Changes the configuration before the model is built: device, precision, image size.</param>
    /// <exception cref="CheckpointFormatException">The folder holds no model, or one that does not fit its configuration.</exception>
    public static LoadedModel Load(string path, Func<FlipConfig, FlipConfig>? change = null)
    {
        var place = Locate(path);
        var stored = ReadConfig(place.Config);
        var tokenizer = TokenizerFactory.Load(place.Tokenizer);
        var config = WithVocabulary(Resized(stored, change is null ? stored : change(stored)), tokenizer);
        var compute = Compute.Of(config.Train);
        var model = new FlipModel(config.Model, config.Train.Loss, compute.Type, compute.Device);
        try
        {
            WeightFile.Load(place.Weights, model);
            return new LoadedModel(config, model, tokenizer);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>A text vocabulary size of 0 becomes the tokenizer's.</summary>
    /// <exception cref="ConfigException">The token table has fewer rows than the vocabulary.</exception>
    public static FlipConfig WithVocabulary(FlipConfig config, ITokenizer tokenizer)
    {
        var text = config.Model.Text;
        if (text.VocabularySize > 0 && text.VocabularySize < tokenizer.VocabularySize)
        {
            throw new ConfigException(
                $"model.text.vocabularySize = {text.VocabularySize}: the vocabulary has {tokenizer.VocabularySize} entries.");
        }

        return text.VocabularySize > 0
            ? config
            : config with { Model = config.Model with { Text = text with { VocabularySize = tokenizer.VocabularySize } } };
    }

    /// <summary>Another image size keeps the grid that the positions were trained on.</summary>
    private static FlipConfig Resized(FlipConfig stored, FlipConfig wanted)
    {
        var (from, to) = (stored.Model.Image, wanted.Model.Image);
        return from.GridSize() == to.GridSize() || to.PositionGrid != from.PositionGrid
            ? wanted
            : wanted with
            {
                Model = wanted.Model with
                {
                    Image = to with { PositionGrid = from.PositionGrid > 0 ? from.PositionGrid : from.GridSize() },
                },
            };
    }

    private static FlipConfig ReadConfig(string path)
    {
        try
        {
            return ConfigReader.Parse(File.ReadAllText(path), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
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

        if (File.Exists(At(WeightsFile)))
        {
            // A checkpoint: <run>/checkpoints/<samples>. Where weights are averaged, the average is the model.
            var weights = File.Exists(At(CheckpointStore.AverageFile)) ? CheckpointStore.AverageFile : WeightsFile;
            return (At("..", "..", ConfigFile), At(weights), At("..", "..", TokenizerInRun));
        }

        if (Directory.Exists(At(InRun)))
        {
            return Locate(At(InRun));
        }

        return new CheckpointStore(At(CheckpointsInRun), 0).Latest is { } latest
            ? Locate(latest)
            : throw new CheckpointFormatException(
                path, null, $"holds no model: expected {WeightsFile} with {ConfigFile}, a run folder or one of its checkpoints");
    }
}
