using System.Globalization;

namespace Flip.Config;

/// <summary>A named recipe.</summary>
/// <param name="Name">Name, as <c>--preset</c> takes it.</param>
/// <param name="Summary">One line: what it is.</param>
/// <param name="ExpectedScore">The score that the recipe's authors published, or where measured ones are kept.</param>
/// <param name="Config">All its settings.</param>
public sealed record Preset(string Name, string Summary, string ExpectedScore, FlipConfig Config)
{
    /// <summary>The command that runs it; words in capitals are the user's own files.</summary>
    public string Command =>
        $"flip train --preset {Name} --data SHARDS"
        + (Config.Model.Text.VocabularySize > 0 ? " --vocab VOCABULARY" : string.Empty);

    /// <summary>Size, operations of a pair and of the whole run, by <see cref="ModelCost"/>.</summary>
    public string Cost
    {
        get
        {
            var cost = ModelCost.Of(Config.Model, vocabularySize: Config.Data.LearnedVocabularySize);
            var length = Config.Train.Samples;
            var pair = string.Create(
                CultureInfo.InvariantCulture,
                $"{cost.Parameters / 1e6:0.#} M parameters; {cost.TrainingFlops / 1e9:0.##} GFLOP a pair, forward and backward; {length}");
            return length.Unit == DurationUnit.Samples
                ? pair + string.Create(CultureInfo.InvariantCulture, $" = {cost.TrainingFlops * length.Value:0.0e0} FLOP")
                : pair;
        }
    }
}
