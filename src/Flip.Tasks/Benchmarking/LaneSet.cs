using Flip.Models;
using Flip.Optim;
using Flip.Tokenizers;
using Flip.Training;

namespace Flip.Tasks.Benchmarking;

/// <summary>The lanes of a group of settings, and the models that they share.</summary>
internal sealed class LaneSet : IDisposable
{
    private readonly Dictionary<SharedModel, (FlipModel Model, AdamW Optimizer)> _models = [];
    private readonly List<StepLane> _lanes = [];

    /// <param name="settings">The settings.</param>
    /// <param name="options">Where pairs come from.</param>
    /// <param name="tokenizer">Turns captions into rows; null where pairs are random.</param>
    public LaneSet(IEnumerable<TurnSetting> settings, StepTurnsOptions options, ITokenizer? tokenizer)
    {
        try
        {
            foreach (var setting in settings)
            {
                var (config, compute) = setting;
                var (model, optimizer) = Model(setting);
                var source = options.Data?.Loader(config, tokenizer!, 0, compute)
                    ?? new SyntheticBatch(
                        new PairLayout(config.Model, (ulong)config.Train.Seed, compute.Device), config.Model.Image.MaskRatio, config.Train.BatchSize, config.Train.MicroBatch);
                _lanes.Add(new StepLane(config, model, optimizer, config.Train.MicroBatch, source) { CountsDecoder = true });
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>A lane for each setting.</summary>
    public IReadOnlyList<IStepLane> Lanes => _lanes;

    /// <summary>Models that the lanes share.</summary>
    public int Models => _models.Count;

    public void Dispose()
    {
        _lanes.ForEach(lane => lane.Dispose());
        foreach (var (model, optimizer) in _models.Values)
        {
            optimizer.Dispose();
            model.Dispose();
        }
    }

    private (FlipModel Model, AdamW Optimizer) Model(TurnSetting setting)
    {
        if (!_models.TryGetValue(setting.Model, out var pair))
        {
            var train = setting.Config.Train;
            var model = new FlipModel(setting.Config.Model, train.Loss, setting.Compute.Type, setting.Compute.Device, (ulong)train.Seed);
            _models[setting.Model] = pair = (model, new AdamW(model.Parameters, AdamWOptions.Of(train)));
        }

        return pair;
    }
}
