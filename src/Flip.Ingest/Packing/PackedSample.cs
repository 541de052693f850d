using Flip.Ingest.Formats;
using Flip.Ingest.Images;

namespace Flip.Ingest.Packing;

/// <summary>An entry of a source that is ready for a shard, or why it is not.</summary>
internal sealed record PackedSample
{
    /// <summary>What the source calls it.</summary>
    public required string SourceKey { get; init; }

    /// <summary>Why it is left out; null where it is not.</summary>
    public BadSource? Drop { get; init; }

    /// <summary>Captions that were left out, by cause.</summary>
    public IReadOnlyDictionary<string, int> DroppedCaptions { get; init; } = new Dictionary<string, int>();

    /// <summary>The image; null where it is left out.</summary>
    public PreparedImage? Image { get; init; }

    /// <summary>The one caption; null where there is none, or where several are in <see cref="Json"/>.</summary>
    public string? Caption { get; init; }

    /// <summary>The number of its class; null for none.</summary>
    public string? Class { get; init; }

    /// <summary>What goes into its <c>.json</c> behind its key: each field's name and value.</summary>
    public IReadOnlyList<(string Name, ReadOnlyMemory<byte> Value)> Json { get; init; } = [];

    /// <summary>SHA-256 of the source's file.</summary>
    public ReadOnlyMemory<byte> Sha256 { get; init; }

    /// <summary>What the image looks like; null where nobody asks, or it has no pattern.</summary>
    public ulong? Look { get; init; }

    /// <summary>A model's vector of the image, L2-normalised, <c>[D]</c>; null where nobody asks, or it cannot be decoded.</summary>
    public float[]? Vector { get; init; }

    /// <summary>The highest inner product of <see cref="Vector"/> with that of an image that was kept before this one's batch.</summary>
    public float Nearest { get; init; } = float.MinValue;
}
