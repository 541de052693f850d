using System.Text.Json;
using Flip.Config;
using Flip.Conversion;
using Flip.Training;

namespace Flip.Cli.Runs;

/// <summary>Models that the user names, of any format.</summary>
internal static class ModelArgument
{
    /// <summary>A model with its weights.</summary>
    /// <param name="path">Model, run, checkpoint, or a foreign folder or file.</param>
    /// <param name="change">Changes the configuration before the model is built.</param>
    /// <param name="trains">Makes room for gradients.</param>
    public static LoadedModel Load(string path, Func<FlipConfig, FlipConfig>? change = null, bool trains = false) =>
        ModelSource.Load(path, change, trains);

    /// <summary>The configuration that a model's files describe.</summary>
    public static FlipConfig ConfigOf(string path)
    {
        using var stored = ModelSource.Open(path);
        return stored.Config;
    }

    /// <summary>A model before its weights are read, with settings that its files may not tell, such as heads.</summary>
    public static StoredModel Open(string path, IReadOnlyList<string> sets)
    {
        var stored = ModelSource.Open(path);
        try
        {
            var config = ConfigReader.Overlay(stored.Config, sets);
            return stored with
            {
                Config = config,
                Tokenizer = () => stored.TokenizerFor(config.Data),
                Assumptions = [.. stored.Assumptions.Where(assumed => !sets.Any(set => assumed.Settings.Contains(set.Split('=')[0].Trim())))],
            };
        }
        catch
        {
            stored.Dispose();
            throw;
        }
    }

    /// <summary>The last scores of the run that a model lies in; null if it lies in none.</summary>
    public static IReadOnlyDictionary<string, double>? ScoresOf(string path)
    {
        foreach (var folder in new[] { path, Path.Combine(path, "..") })
        {
            var file = new RunFolder(folder).ResultsFile;
            if (File.Exists(file))
            {
                try
                {
                    return JsonSerializer.Deserialize<Results>(File.ReadAllText(file), JsonOutput.Options)?.Scores;
                }
                catch (JsonException)
                {
                    return null; // some other file of that name
                }
            }
        }

        return null;
    }

    private sealed record Results(IReadOnlyDictionary<string, double>? Scores);
}
