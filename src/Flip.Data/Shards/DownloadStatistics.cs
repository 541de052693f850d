using System.Text.Json;
using Flip.Data.Stores;

namespace Flip.Data.Shards;

/// <summary>The statistics that img2dataset writes beside a shard: <c>00000_stats.json</c> beside <c>00000.tar</c>.</summary>
internal static class DownloadStatistics
{
    private const string Suffix = "_stats.json";
    private const int MostBytes = 1 << 20; // the causes of failures have texts

    /// <summary>The number of samples that a shard of the network has; null where it has no statistics.</summary>
    /// <exception cref="StoreException">The store does not answer.</exception>
    public static async Task<int?> SamplesAsync(StoreReader reader, string address, CancellationToken cancellation)
    {
        try
        {
            var name = Path.GetFileNameWithoutExtension(StoreAddress.NameOf(address)) + Suffix;
            var content = await reader.ReadAllAsync(StoreAddress.Beside(address, name), MostBytes, cancellation);
            using var json = JsonDocument.Parse(UserJson.Standard(content));
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("successes", out var count) && count.TryGetInt32(out var samples) && samples >= 0
                ? samples
                : null;
        }
        catch (StoreException e) when (e.IsMissing)
        {
            return null;
        }
        catch (JsonException)
        {
            return null; // no statistics after all; the shard's headers tell
        }
    }
}
