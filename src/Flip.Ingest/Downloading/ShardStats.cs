using System.Text.Json;
using System.Text.Json.Serialization;
using Flip.Io;

namespace Flip.Ingest.Downloading;

/// <summary>The numbers of a shard as img2dataset writes them, <c>00000_stats.json</c>. The file is written last: where it is there, the shard is finished.</summary>
internal sealed record ShardStats
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, IndentSize = 4 };

    [JsonPropertyName("count")]
    public required int Count { get; init; }

    [JsonPropertyName("successes")]
    public required int Successes { get; init; }

    [JsonPropertyName("failed_to_download")]
    public required int FailedToDownload { get; init; }

    [JsonPropertyName("failed_to_resize")]
    public required int FailedToResize { get; init; }

    /// <summary>Seconds.</summary>
    [JsonPropertyName("duration")]
    public required double Duration { get; init; }

    /// <summary>Seconds since 1970.</summary>
    [JsonPropertyName("start_time")]
    public required double StartTime { get; init; }

    [JsonPropertyName("end_time")]
    public required double EndTime { get; init; }

    /// <summary>Rows by cause, those that came under "success".</summary>
    [JsonPropertyName("status_dict")]
    public required SortedDictionary<string, int> StatusDict { get; init; }

    /// <summary>The numbers of rows that are done.</summary>
    public static ShardStats Of(IReadOnlyList<RowOutcome> outcomes, DateTimeOffset start, DateTimeOffset end)
    {
        var byCause = outcomes.CountBy(outcome => outcome.Error ?? outcome.Status);
        return new ShardStats
        {
            Count = outcomes.Count,
            Successes = outcomes.Count(outcome => outcome.IsSuccess),
            FailedToDownload = outcomes.Count(outcome => outcome.Status == RowOutcome.FailedToDownload),
            FailedToResize = outcomes.Count(outcome => outcome.Status == RowOutcome.FailedToResize),
            Duration = (end - start).TotalSeconds,
            StartTime = Seconds(start),
            EndTime = Seconds(end),
            StatusDict = new SortedDictionary<string, int>(byCause.ToDictionary(), StringComparer.Ordinal),
        };
    }

    /// <summary>Reads the numbers of a finished shard.</summary>
    /// <exception cref="InvalidDataException">The file is none that this or img2dataset writes.</exception>
    public static ShardStats Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<ShardStats>(JsonInput.Read(path).Span) ?? throw new JsonException("it is empty");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"'{path}': {e.Message} Delete it, and the shard is made again.", e);
        }
    }

    public void Write(string path) => AtomicFile.WriteText(path, JsonSerializer.Serialize(this, Indented));

    private static double Seconds(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).TotalSeconds;
}
