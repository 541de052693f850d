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

    /// <inheritdoc/>
    public int Count => images.Count;

    /// <inheritdoc/>
    /// <exception cref="BadSampleException">It has none, or what it has cannot be read.</exception>
    public IReadOnlyList<string> this[int index]
    {
        get
        {
            var json = Read(index, Json, MostJsonBytes) is { } bytes ? JsonCaptions.Read(bytes) : null;
            if (json is { Several.Count: > 0, IsMixed: false })
            {
                return json.Several;
            }

            IReadOnlyList<string>? text = Texts.Select(extension => Text(index, extension)).FirstOrDefault(found => found is { Count: > 0 });
            return new[] { text, json?.Single, json?.Several }.FirstOrDefault(captions => captions is { Count: > 0 })
                ?? throw json?.Problem ?? new BadSampleException("no caption", "it has neither .txt, nor .caption, nor .json with 'captions' or 'caption' beside it, or they are blank");
        }
    }

    /// <summary>Whether any image has a file of captions.</summary>
    public bool Any() => images.Any(image => Texts.Append(Json).Any(extension => PlainFile.Length(Path.ChangeExtension(image, extension)) >= 0));

    /// <inheritdoc/>
    public IEnumerator<IReadOnlyList<string>> GetEnumerator() => Enumerable.Range(0, Count).Select(i => this[i]).GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private List<string>? Text(int index, string extension)
    {
        if (Read(index, extension, MostTextBytes) is not { } bytes)
        {
            return null;
        }

        var text = TextFile.Decode(bytes);
        return TextFile.IsBroken(text) ? throw new BadSampleException(CaptionReader.EncodingCause, $"its text {TextFile.Problem}") : CaptionReader.Kept([text]);
    }

    private byte[]? Read(int index, string extension, int most)
    {
        var path = Path.ChangeExtension(images[index], extension);
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
