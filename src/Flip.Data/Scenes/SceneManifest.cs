using System.Text.Json;

namespace Flip.Data.Scenes;

/// <summary>What a folder of scenes was made by; equal manifests mean equal files.</summary>
/// <param name="Version">Version of sampler, renderer and grammar; raised whenever one of them changes its output.</param>
/// <param name="Seed">Seed of the data set.</param>
/// <param name="TrainCount">Images to train on.</param>
/// <param name="EvalCount">Images of each evaluation set.</param>
/// <param name="ImageSize">Height and width, pixels.</param>
/// <param name="Complete">All files are there: false from the first file on, true after the last.</param>
internal sealed record SceneManifest(int Version, ulong Seed, int TrainCount, int EvalCount, int ImageSize, bool Complete)
{
    public const string FileName = "scenes.json";

    public const int CurrentVersion = 4;

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>The manifest of a folder; null where there is none or none that can be read.</summary>
    public static SceneManifest? Read(string folder)
    {
        try
        {
            return JsonSerializer.Deserialize<SceneManifest>(File.ReadAllBytes(Path.Combine(folder, FileName)), Json);
        }
        catch (Exception e) when (e is JsonException or FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, Json);
}
