using System.Text.Json;
using Flip.Ingest.Downloading;

namespace Flip.Tests.Ingest.Downloading;

/// <summary>A list of addresses in memory.</summary>
internal sealed class MemoryList(params IReadOnlyList<UrlRow> rows) : IUrlList
{
    public string Identity { get; init; } = "memory";

    public long? Count => rows.Count;

    public bool HasCaptions { get; init; } = true;

    public IReadOnlyList<string> SavedColumns { get; init; } = [];

    public IEnumerable<UrlRow> Read(long first, CancellationToken cancellation) => rows.Skip((int)first);

    public static UrlRow Row(string? url, string? caption = "a caption", string? hash = null, params object?[] saved) =>
        new(url, caption, hash, [.. saved.Select(value => value is null ? (JsonElement?)null : JsonSerializer.SerializeToElement(value))]);
}
