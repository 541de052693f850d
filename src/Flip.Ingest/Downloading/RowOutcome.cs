using System.Text.Json;
using System.Text.Json.Serialization;

namespace Flip.Ingest.Downloading;

/// <summary>What became of a row, as a shard's table has it.</summary>
internal sealed record RowOutcome
{
    public const string Success = "success";
    public const string FailedToDownload = "failed_to_download";
    public const string FailedToResize = "failed_to_resize";

    /// <summary>The status, in the words of img2dataset.</summary>
    public required string Status { get; init; }

    /// <summary>The cause of a failure, one of few.</summary>
    public string? Error { get; init; }

    public int? Width { get; init; }

    public int? Height { get; init; }

    public int? OriginalWidth { get; init; }

    public int? OriginalHeight { get; init; }

    public string? Exif { get; init; }

    /// <summary>SHA-256 of the file as it came.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Extension of the image in the shard.</summary>
    public string? Extension { get; init; }

    [JsonIgnore]
    public bool IsSuccess => Status == Success;

    public static RowOutcome Failed(string status, string cause) => new() { Status = status, Error = cause };

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this);

    public static RowOutcome FromJson(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize<RowOutcome>(json)!;
}
