using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Flip.Collectives;
using Flip.Config;
using Flip.Tokenizers;

namespace Flip.Tasks.Pretraining;

/// <summary>
/// What rank 0 has decided about a training, as the other ranks get it. They read nothing of the run's folder, which may lie on rank 0's machine alone; the
/// data they read themselves.
/// </summary>
/// <param name="Config">The resolved configuration, JSON.</param>
/// <param name="Tokenizer">The tokenizer's files.</param>
/// <param name="Data">Hash of the shards' names and sizes.</param>
internal sealed record TrainingOrder(string Config, IReadOnlyDictionary<string, byte[]> Tokenizer, string Data)
{
    /// <summary>Tells it to the other ranks.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="config">The resolved configuration.</param>
    /// <param name="tokenizerFolder">Folder of the run's tokenizer.</param>
    /// <param name="data">The data as rank 0 sees them.</param>
    public static void Give(ICommunicator ranks, FlipConfig config, string tokenizerFolder, TrainingData data)
    {
        if (ranks.World > 1)
        {
            var files = Directory.EnumerateFiles(tokenizerFolder).ToDictionary(file => Path.GetFileName(file), File.ReadAllBytes);
            ranks.Broadcast(JsonSerializer.SerializeToUtf8Bytes(new TrainingOrder(ConfigWriter.ToJson(config), files, Hash(data))));
        }
    }

    /// <summary>Waits for it on the other ranks.</summary>
    public static TrainingOrder Take(ICommunicator ranks) => JsonSerializer.Deserialize<TrainingOrder>(ranks.Broadcast([]))!;

    /// <summary>The configuration.</summary>
    public FlipConfig ReadConfig() => ConfigReader.Parse(Config, "the configuration of rank 0");

    /// <summary>The tokenizer.</summary>
    public ITokenizer ReadTokenizer()
    {
        var folder = Directory.CreateTempSubdirectory("flip-tokenizer-");
        try
        {
            foreach (var (name, content) in Tokenizer)
            {
                File.WriteAllBytes(Path.Combine(folder.FullName, Path.GetFileName(name)), content);
            }

            return TokenizerFactory.Load(folder.FullName);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Refuses other data than those of rank 0: a step would mix two orders.</summary>
    /// <exception cref="ConfigException">They differ.</exception>
    public void CheckData(TrainingData data, ICommunicator ranks)
    {
        if (Hash(data) != Data)
        {
            var place = ranks.Places[ranks.Rank];
            throw new ConfigException(FormattableString.Invariant(
                $"data.train: the shards that {place.Host} sees ({data.Parts.Count()} with {data.Count:N0} samples) are not those of rank 0 on {ranks.Places[0].Host}. All machines must have the same shards."));
        }
    }

    private static string Hash(TrainingData data) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join(
        '\n', data.Parts.Select(part => string.Create(CultureInfo.InvariantCulture, $"{part.Name}\t{part.Count}"))))));
}
