using System.Globalization;
using Flip.Data;
using Flip.Data.Files;
using Flip.Data.Shards;
using Flip.Io;

namespace Flip.Ingest.Formats;

/// <summary>
/// Images in a folder and the folders in it: with texts beside them (<c>a.jpg</c>, <c>a.txt</c>, <c>a.caption</c> or <c>a.json</c>, as in shards), or, where no image has a text, with
/// the names of the outermost folders as classes. Paths are held in memory, about 300 bytes an image.
/// </summary>
internal sealed class FolderPairs : IPairReader
{
    private const int MostTextBytes = 1 << 20; // as of a shard's .txt
    private const int MostJsonBytes = 64 << 20;
    private static readonly string[] Texts = [".txt", ".caption"];
    private const string Json = ".json";

    private readonly IReadOnlyList<ImageFile> _files;
    private readonly SourceOptions _options;
    private readonly Dictionary<string, int>? _classes;

    private FolderPairs(IReadOnlyList<ImageFile> files, SourceOptions options)
    {
        (_files, _options) = (files, options);
        if (!files.Any(file => Texts.Append(Json).Any(extension => PlainFile.Length(Beside(file, extension)) >= 0)))
        {
            string[] names = [.. files.Select(file => ClassOf(file)).Distinct(StringComparer.Ordinal)];
            if (names.Length > 1 || names is not [""])
            {
                Classes = [.. names.Where(name => name.Length > 0).Order(StringComparer.Ordinal)];
                _classes = Classes.Index().ToDictionary(name => name.Item, name => name.Index, StringComparer.Ordinal);
            }
        }
    }

    /// <inheritdoc/>
    public string Format => Classes is null ? "images with texts beside them" : "images in folders of classes";

    /// <inheritdoc/>
    public long? Count => _files.Count;

    /// <inheritdoc/>
    public IReadOnlyList<string>? Classes { get; }

    /// <summary>Opens a folder; null where it has no image.</summary>
    /// <exception cref="ConfigException">It cannot be read, or a link leads outside.</exception>
    public static FolderPairs? Open(string folder, SourceOptions options) =>
        ImageFolder.Find(folder, options) is { Count: > 0 } files ? new FolderPairs(files, options.Within(folder)) : null;

    /// <inheritdoc/>
    public IEnumerable<SourcePair> Read(long first = 0, CancellationToken cancellation = default)
    {
        for (var i = first; i < _files.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            yield return Pair(_files[(int)i]);
        }
    }

    private static string ClassOf(ImageFile file) => file.Key.IndexOf('/', StringComparison.Ordinal) is >= 0 and var end ? file.Key[..end] : "";

    private static string Beside(ImageFile file, string extension) => Path.ChangeExtension(file.Path, extension);

    private SourcePair Pair(ImageFile file)
    {
        var pair = new SourcePair { Key = file.Key };
        if (_classes is not null)
        {
            return (pair with { Class = _classes.TryGetValue(ClassOf(file), out var number) ? number.ToString(CultureInfo.InvariantCulture) : null }).With(file.Path);
        }

        try
        {
            var json = Bytes(Beside(file, Json), MostJsonBytes);
            var said = json is null ? null : JsonCaptions.Read((byte[])json.Clone());
            IReadOnlyList<string>? captions = said is { Several.Count: > 0, IsMixed: false } ? said.Several : null;
            captions ??= Texts.Select(extension => Text(Beside(file, extension))).FirstOrDefault(text => text is { Length: > 0 }) is { } text ? [text] : null;
            captions ??= said?.Single is { Count: > 0 } single ? single : said?.Several;
            pair = pair with { Captions = captions ?? [], Fields = json is null ? JsonFields.None : JsonFields.Of(json) };
            return captions is not { Count: > 0 } && said?.Problem is { } problem ? pair with { Problem = problem.Source() } : pair.With(file.Path);
        }
        catch (BadSampleException e)
        {
            return pair with { Problem = e.Source() };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return pair with { Problem = new BadSource("unreadable text", e.Message) };
        }
    }

    /// <summary>The text of a file, without blanks around it; null where there is none.</summary>
    private string? Text(string path)
    {
        if (Bytes(path, MostTextBytes) is not { } bytes)
        {
            return null;
        }

        var text = TextFile.Decode(bytes);
        return TextFile.IsBroken(text) ? throw new BadSampleException(CaptionReader.EncodingCause, $"its text {TextFile.Problem}") : text.Trim();
    }

    private byte[]? Bytes(string path, int most) => PlainFile.Length(path) switch
    {
        < 0 => null,
        0 => [],
        var length when length > most => throw new BadSampleException("text too large", $"'{UnicodeName.Printable(path)}' has {length} bytes (at most {most})"),
        _ when _options.Bounds?.Problem(path) is { } outside => throw new BadSampleException("outside the folder", outside),
        _ => PlainFile.ReadAll(path, most),
    };
}
