using System.Text.Json;

namespace Flip.Ingest.Formats;

/// <summary>An image with its captions as its source has them, before anything is decoded or looked at.</summary>
public sealed record SourcePair
{
    /// <summary>What the source calls it, one line of text: a key, a path, or the number of a row, from 0.</summary>
    public required string Key { get; init; }

    /// <summary>The image file's bytes; empty where the source has an address alone, or where <see cref="Problem"/> says why not.</summary>
    public ReadOnlyMemory<byte> Image { get; init; }

    /// <summary>Where the image is to be had; null where the source has the image itself.</summary>
    public string? Url { get; init; }

    /// <summary>Its captions, without blanks around them; may be none.</summary>
    public IReadOnlyList<string> Captions { get; init; } = [];

    /// <summary>Its class: a number, or a name; null for none.</summary>
    public string? Class { get; init; }

    /// <summary>What else the source says of it, by name; written into the sample's <c>.json</c>.</summary>
    public IReadOnlyDictionary<string, JsonElement> Fields { get; init; } = new Dictionary<string, JsonElement>();

    /// <summary>Why it cannot be used; null where nothing is wrong so far.</summary>
    public BadSource? Problem { get; init; }
}

/// <summary>Why a source's entry cannot be used.</summary>
/// <param name="Cause">Short and stable, one of few: what is counted.</param>
/// <param name="Message">What is wrong with this one, and where.</param>
public sealed record BadSource(string Cause, string Message);
