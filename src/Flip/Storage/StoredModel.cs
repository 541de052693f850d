using Flip.Config;
using Flip.Devices;
using Flip.Models;
using Flip.Tokenizers;
using static TorchSharp.torch;

namespace Flip.Storage;

/// <summary>A model with all it needs to be used.</summary>
/// <param name="Config">The configuration it was trained with.</param>
/// <param name="Model">Towers and weights.</param>
/// <param name="ReadTokenizer">Reads what turns captions into its rows.</param>
public sealed record LoadedModel(FlipConfig Config, FlipModel Model, Func<ITokenizer> ReadTokenizer) : IDisposable
{
    private readonly Lazy<ITokenizer> _tokenizer = new(ReadTokenizer);
    private IDualEncoder? _encoder;

    /// <summary>Read when it is first asked for, so that what embeds only images needs none. Who needs it asks before long work.</summary>
    /// <exception cref="VocabularyException">There is none, or a damaged one.</exception>
    /// <exception cref="ConfigException">It has more entries than the model's table.</exception>
    public ITokenizer Tokenizer => _tokenizer.Value;

    /// <summary>Images or texts encoded at a time: the setting, else what suits the device.</summary>
    public int BatchSize =>
        ModelMemory.EncodingBatch(Config.Model, new Compute(Model.Parameters.Device, Model.Parameters.ComputeType), Config.Eval.BatchSize);

    /// <summary>Makes <see cref="Encoder"/>; the towers themselves where nothing else is given.</summary>
    public Func<LoadedModel, IDualEncoder> NewEncoder { get; init; } = static loaded => new InferenceEncoder(loaded.Model);

    /// <summary>What embeds whole images and texts where the model is only used: made when it is first asked for, and disposed of with this.</summary>
    public IDualEncoder Encoder => _encoder ??= NewEncoder(this);

    /// <inheritdoc/>
    public void Dispose()
    {
        (_encoder as IDisposable)?.Dispose();
        Model.Dispose();
    }
}

/// <summary>Something that a model's files do not say.</summary>
/// <param name="Text">What it is taken as, a whole sentence.</param>
/// <param name="Settings">The settings by which a user can say it.</param>
public sealed record Assumption(string Text, params IReadOnlyList<string> Settings);

/// <summary>A model on disk in any format, before its weights are read.</summary>
/// <param name="Format">Name of the format.</param>
/// <param name="Config">The configuration that its files describe.</param>
/// <param name="Weights">Its tensors; disposed of with this.</param>
/// <param name="Names">The names that the tensors have.</param>
/// <param name="Tokenizer">Reads its tokenizer.</param>
public sealed record StoredModel(
    string Format, FlipConfig Config, ITensorSource Weights, IWeightNames Names, Func<ITokenizer> Tokenizer) : IDisposable
{
    /// <summary>What had to be assumed, since the files do not say it.</summary>
    public IReadOnlyList<Assumption> Assumptions { get; init; } = [];

    /// <summary>The assumptions that the user's settings leave in force.</summary>
    /// <param name="config">The configuration with the user's settings.</param>
    public IReadOnlyList<Assumption> AssumptionsFor(FlipConfig config)
    {
        var changed = ConfigWriter.Difference(config, Config).Select(change => change.Split('=')[0]).ToHashSet();
        return [.. Assumptions.Where(assumed => !assumed.Settings.Any(changed.Contains))];
    }

    /// <summary>Builds the model and reads its weights.</summary>
    /// <param name="change">Changes the configuration before the model is built: device, precision, image size.</param>
    /// <param name="trains">Makes room for gradients.</param>
    /// <exception cref="CheckpointFormatException">The weights do not fit the configuration.</exception>
    public LoadedModel Load(Func<FlipConfig, FlipConfig>? change = null, bool trains = false)
    {
        var wanted = Changed(change);
        ITokenizer Read()
        {
            var tokenizer = TokenizerFor(wanted.Data);
            ModelFolder.WithVocabulary(wanted, tokenizer);
            return tokenizer;
        }

        ConfigReader.Validate(wanted);
        var config = wanted.Model.Text.VocabularySize > 0 ? wanted : ModelFolder.WithVocabulary(wanted, Read());
        var compute = Compute.Of(config.Train);
        if (!trains)
        {
            ModelMemory.CheckEncoding(config.Model, compute, ModelMemory.EncodingBatch(config.Model, compute, config.Eval.BatchSize));
        }

        return new LoadedModel(config, LoadModel(config, compute, trains), Read);
    }

    /// <summary>The configuration with a change. Another image size keeps the grid that the positions were trained on.</summary>
    public FlipConfig Changed(Func<FlipConfig, FlipConfig>? change) => Resized(Config, change is null ? Config : change(Config));

    /// <summary>The model alone, for what needs no tokenizer. Memory is asked for once the file is known to hold just its tensors.</summary>
    /// <param name="config">Its configuration, with a vocabulary size.</param>
    /// <param name="compute">Where and in which number format it computes; null for fp32 on the processor.</param>
    /// <param name="trains">Makes room for gradients.</param>
    /// <exception cref="CheckpointFormatException">The weights do not fit the configuration.</exception>
    /// <exception cref="ConfigException">They do not fit in this machine's memory.</exception>
    public FlipModel LoadModel(FlipConfig config, Compute? compute = null, bool trains = false)
    {
        var parameters = FlipModel.Declare(config.Model, config.Train.Loss);
        WeightFile.Check(Weights, Names, config.Model, parameters);
        ModelMemory.CheckWeights(parameters, compute, trains);
        var model = new FlipModel(config.Model, config.Train.Loss, compute?.Type ?? ScalarType.Float32, compute?.Device, seed: null, trains);
        try
        {
            WeightFile.Load(Weights, Names, model);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The model's tokenizer, with the markers and the cleaning of the settings where they say any; where they name another vocabulary than the
    /// stored ones, that.
    /// </summary>
    /// <exception cref="VocabularyException">There is none, or a damaged one.</exception>
    public ITokenizer TokenizerFor(DataConfig data) => data.Vocabulary is not null && data.Vocabulary != Config.Data.Vocabulary
        ? TokenizerFactory.Create(data, () => throw new InvalidOperationException("A vocabulary that is named is not learnt."))
        : TokenizerFactory.With(data, Tokenizer());

    /// <inheritdoc/>
    public void Dispose() => Weights.Dispose();

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
}
