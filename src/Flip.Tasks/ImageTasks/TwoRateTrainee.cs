using Flip.Config;
using Flip.Models;
using Flip.Training;

namespace Flip.Tasks.ImageTasks;

/// <summary>A new head that is trained at one rate, on a tower that is trained at another. Images are whole.</summary>
/// <typeparam name="TConfig">The task's settings.</typeparam>
/// <param name="parameters">The weights; not owned.</param>
/// <param name="model">The model whose tower it has.</param>
/// <param name="config">Plan, rates and optimiser.</param>
/// <param name="isOfHead">Whether a parameter is of the head.</param>
/// <param name="measure">Named numbers of the present weights.</param>
public abstract class TwoRateTrainee<TConfig>(
    FlatParameters parameters,
    ModelConfig model,
    TConfig config,
    Predicate<string> isOfHead,
    Func<CancellationToken, IReadOnlyDictionary<string, double>> measure) : ImageTaskTrainee<TConfig>(parameters, model, config, measure)
    where TConfig : TwoRateConfig
{
    /// <inheritdoc/>
    public override TrainingPlan Plan(long samplesPerEpoch) => PlanOf(Config, samplesPerEpoch);

    /// <summary>The plan of a training on so many samples.</summary>
    internal static TrainingPlan PlanOf(TConfig config, long samplesPerEpoch) =>
        TrainingPlan.Of(config, string.Empty, samplesPerEpoch, total => new ImageMaskSchedule(0, 0, total), config.EvaluateEvery);

    /// <inheritdoc/>
    protected override double RateFactor(Parameter parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return isOfHead(parameter.Name) || Config.BaseLearningRate == 0 ? 1 : Config.TowerLearningRate / Config.BaseLearningRate;
    }
}
