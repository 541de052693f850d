using Flip.Config;
using Flip.Models;
using Flip.Storage;

namespace Flip.Benchmarks;

/// <summary>Models with random weights: what is measured does not depend on them.</summary>
internal static class RandomModel
{
    /// <summary>Writes one as Flip does, without a tokenizer.</summary>
    /// <returns>Its towers, which the caller disposes of.</returns>
    public static FlipModel Write(string folder, FlipConfig config)
    {
        var model = new FlipModel(config.Model, trains: false);
        WeightFile.Save(Path.Combine(folder, ModelFolder.WeightsFile), model.Parameters);
        File.WriteAllText(Path.Combine(folder, ModelFolder.ConfigFile), ConfigWriter.ToJson(config));
        return model;
    }
}
