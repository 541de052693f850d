using System.Collections;
using Flip.Data.Shards;
using Flip.Io;

namespace Flip.Data.Pairs;

/// <summary>
/// Captions in files beside images: <c>a.jpg</c> and <c>a.txt</c>, <c>a.caption</c> or <c>a.json</c>, which mean what they mean in shards. They are read when they are asked for.
/// </summary>
/// <param name="images">The image files.</param>
/// <param name="options">Whether links may lead outside of the folder.</param>
internal sealed class BesideCaptions(IReadOnlyList<string> images, SourceOptions options) : IReadOnlyList<IReadOnlyList<string>>
{
    private const int MostTextBytes = 1 << 20; // as of a shard's .txt
    private const int MostJsonBytes = 64 << 20;
    private const string Json = ".json";
    private static readonly string[] Texts = [".txt", ".caption"];

    /// <summary>What the files' names end in.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [.. Texts, Json];

    /// <inheritdoc/>
    public int Count => images.Count;

    /// <inheritdoc/>
    /// <exception cref="BadSampleException">It has none, or what it has cannot be read.</exception>
    public IReadOnlyList<string> this[int index] => Of(images[index], ReadJson(images[index]))
        ?? throw new BadSampleException("no caption", "it has neither .txt, nor .caption, nor .json with 'captions' or 'caption' beside it, or they are blank");

    /// <summary>The <c>.json</c> beside an image; null where there is none.</summary>
    /// <exception cref="BadSampleException">It is too large, lies outside, or cannot be read.</exception>
    public byte[]? ReadJson(string image) => Read(image, Json, MostJsonBytes);

    /// <summary>The captions of an image; null where it has none.</summary>
    /// <param name="image">The image file.</param>
    /// <param name="json">The <c>.json</c> beside it, which may be changed; null for none.</param>
    /// <exception cref="BadSampleException">What there is cannot be read.</exception>
    public IReadOnlyList<string>? Of(string image, byte[]? json)
    {
        var said = json is null ? null : JsonCaptions.Read(json);
        if (said is { Several.Count: > 0, IsMixed: false })
        {
            return said.Several;
        }

        IReadOnlyList<string>? text = Texts.Select(extension => Text(image, extension)).FirstOrDefault(found => found is { Count: > 0 });
        return new[] { text, said?.Single, said?.Several }.FirstOrDefault(captions => captions is { Count: > 0 })
            ?? (said?.Problem is { } problem ? throw problem : null);
    }

    /// <summary>Whether any image has a file of captions.</summary>
    public bool Any() => images.Any(image => Extensions.Any(extension => PlainFile.Length(Path.ChangeExtension(image, extension)) >= 0));

    /// <inheritdoc/>
    public IEnumerator<IReadOnlyList<string>> GetEnumerator() => Enumerable.Range(0, Count).Select(i => this[i]).GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private List<string>? Text(string image, string extension)
    {
        if (Read(image, extension, MostTextBytes) is not { } bytes)
        {
            return null;
        }

        var text = TextFile.Decode(bytes);
        return TextFile.IsBroken(text) ? throw new BadSampleException(CaptionReader.EncodingCause, $"its text {TextFile.Problem}") : CaptionReader.Kept([text]);
    }

    private byte[]? Read(string image, string extension, int most)
    {
        var path = Path.ChangeExtension(image, extension);
        try
        {
            return PlainFile.Length(path) switch
            {
                < 0 => null,
                0 => [],
                var length when length > most => throw new BadSampleException("text too large", FormattableString.Invariant($"its {extension} has {length} bytes (at most {most})")),
                _ when options.Bounds?.Problem(path) is { } outside => throw new BadSampleException("outside the folder", outside),
                _ => PlainFile.ReadAll(path, most),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadSampleException("unreadable text", e.Message, e);
        }
    }
}
