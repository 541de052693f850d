using System.Collections;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Flip.Config;

/// <summary>A list of texts that is compared by what it holds, as a setting is.</summary>
/// <param name="texts">The texts; copied.</param>
[JsonConverter(typeof(TextListConverter))]
[CollectionBuilder(typeof(TextList), nameof(Create))]
public sealed class TextList(ReadOnlySpan<string> texts) : IReadOnlyList<string>, IEquatable<TextList>
{
    private static readonly JsonSerializerOptions OneLine = new(ConfigJson.Options) { WriteIndented = false };

    private readonly string[] _texts = texts.ToArray();

    /// <inheritdoc/>
    public int Count => _texts.Length;

    /// <inheritdoc/>
    public string this[int index] => _texts[index];

    /// <summary>For collection expressions.</summary>
    public static TextList Create(ReadOnlySpan<string> texts) => new(texts);

    /// <inheritdoc/>
    public bool Equals(TextList? other) => other is not null && _texts.AsSpan().SequenceEqual(other._texts);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as TextList);

    /// <inheritdoc/>
    public override int GetHashCode() => _texts.Aggregate(0, HashCode.Combine);

    /// <summary>The list as JSON, in one line.</summary>
    public override string ToString() => JsonSerializer.Serialize(_texts, OneLine);

    /// <inheritdoc/>
    public IEnumerator<string> GetEnumerator() => ((IEnumerable<string>)_texts).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private sealed class TextListConverter : JsonConverter<TextList>
    {
        public override TextList Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            JsonSerializer.Deserialize<string?[]>(ref reader, options) is { } texts && !texts.Contains(null)
                ? new TextList(texts!)
                : throw new JsonException("null stands in a list of texts");

        public override void Write(Utf8JsonWriter writer, TextList value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, value._texts, options);
    }
}
