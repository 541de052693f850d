using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Flip.Config;
using Flip.Tasks.Pretraining;

namespace Flip.Tasks.Studies;

/// <summary>What the cells of a study are trained on. Each source is opened once.</summary>
/// <param name="say">Receives what is found.</param>
/// <param name="allowOutside">Whether links in the data may lead out of their folder.</param>
/// <param name="cancellation">Stops the indexing.</param>
public sealed class StudyData(Action<string> say, bool allowOutside, CancellationToken cancellation)
{
    private readonly Dictionary<DataConfig, TrainingData> _opened = [];
    private readonly Dictionary<DataConfig, string> _hashes = [];

    /// <summary>The data of a configuration.</summary>
    /// <exception cref="ConfigException">There are none.</exception>
    public TrainingData Of(FlipConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (!_opened.TryGetValue(config.Data, out var data))
        {
            _opened.Add(config.Data, data = TrainingData.Open(config.Data, say, cancellation, allowOutside));
        }

        return data;
    }

    /// <summary>Hash of what a configuration is trained on: names and sizes of the shards, class names, and a vocabulary that is given. Not where they lie.</summary>
    public string HashOf(FlipConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (!_hashes.TryGetValue(config.Data, out var hash))
        {
            _hashes.Add(config.Data, hash = Hash(config));
        }

        return hash;
    }

    private string Hash(FlipConfig config)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in Of(config).Parts)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{part.Name}\t{part.Count}\n")));
        }

        foreach (var file in new[] { config.Data.ClassNames, config.Data.Vocabulary }.SelectMany(FilesOf))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(Path.GetFileName(file) + "\n"));
            hash.AppendData(SHA256.HashData(File.ReadAllBytes(file)));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static IEnumerable<string> FilesOf(string? path) => path is null ? []
        : Directory.Exists(path) ? Directory.EnumerateFiles(path).Order(StringComparer.Ordinal)
        : File.Exists(path) ? [path] : [];
}
