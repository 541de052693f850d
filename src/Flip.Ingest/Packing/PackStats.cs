using System.Text.Json;
using System.Text.Json.Serialization;

namespace Flip.Ingest.Packing;

/// <summary>The numbers of a shard under the names that img2dataset has for them, <c>00000_stats.json</c>, without its times: other tools count samples by it.</summary>
/// <param name="Count">Entries of the source that were read for it.</param>
/// <param name="Successes">Samples in it.</param>
/// <param name="StatusDict">Entries by what became of them, those in the shard under <c>success</c>.</param>
internal sealed record PackStats(
    [property: JsonPropertyName("count")] long Count,
    [property: JsonPropertyName("successes")] long Successes,
    [property: JsonPropertyName("status_dict")] SortedDictionary<string, long> StatusDict)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>The file's text.</summary>
    /// <param name="before">The state before the shard.</param>
    /// <param name="after">The state behind it.</param>
    /// <param name="samples">Samples in it.</param>
    public static string Of(PackState before, PackState after, int samples)
    {
        var status = new SortedDictionary<string, long>(StringComparer.Ordinal) { ["success"] = samples };
        foreach (var (cause, count) in after.Dropped)
        {
            if (count > before.Dropped.GetValueOrDefault(cause))
            {
                status[cause] = count - before.Dropped.GetValueOrDefault(cause);
            }
        }

        return JsonSerializer.Serialize(new PackStats(after.Entries - before.Entries, samples, status), Indented) + "\n";
    }
}
