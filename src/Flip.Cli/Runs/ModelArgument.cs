using System.CommandLine;
using System.Text.Json;
using Flip.Config;
using Flip.Conversion;
using Flip.Io;
using Flip.Training;

namespace Flip.Cli.Runs;

/// <summary>The model that a user names, of any format.</summary>
internal static class ModelArgument
{
    /// <summary>The argument itself.</summary>
    public static Argument<string> Create() => new("model")
    {
        Description = "Model: Flip's folder, run or checkpoint, or one of another library (see flip inspect).",
    };

    /// <summary>A model with its weights. What had to be assumed of a foreign one is said on standard error.</summary>
    /// <param name="path">Model, run, checkpoint, or a foreign folder or file.</param>
    /// <param name="change">Changes the configuration before the model is built.</param>
    /// <param name="trains">Makes room for gradients.</param>
    public static LoadedModel Load(string path, Func<FlipConfig, FlipConfig>? change = null, bool trains = false)
    {
        using var stored = ModelSource.Open(path);
        var loaded = stored.Load(change, trains);
        foreach (var assumed in Remaining(stored, loaded.Config))
        {
            Console.Error.WriteLine(assumed.Text);
        }

        return loaded;
    }

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
            var config = stored.Changed(own => ConfigReader.Overlay(own, sets));
            return stored with { Config = config, Tokenizer = () => stored.TokenizerFor(config.Data), Assumptions = Remaining(stored, config) };
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
                    return JsonSerializer.Deserialize<Results>(JsonInput.Read(file).Span, JsonOutput.Options)?.Scores;
                }
                catch (JsonException)
                {
                    return null; // some other file of that name
                }
            }
        }

        return null;
    }

    /// <summary>The assumptions that the user's settings leave in force.</summary>
    private static IReadOnlyList<Assumption> Remaining(StoredModel stored, FlipConfig config)
    {
        var changed = ConfigWriter.Difference(config, stored.Config).Select(change => change.Split('=')[0]).ToHashSet();
        return [.. stored.Assumptions.Where(assumed => !assumed.Settings.Any(changed.Contains))];
    }

    private sealed record Results(IReadOnlyDictionary<string, double>? Scores);
}
