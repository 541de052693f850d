using System.Globalization;
using Flip.Data;
using Flip.Data.Files;
using Flip.Data.Pairs;

namespace Flip.Ingest.Formats;

/// <summary>
/// Images in a folder and the folders in it: with texts beside them (<c>a.jpg</c>, <c>a.txt</c>, <c>a.caption</c> or <c>a.json</c>, as in shards), or, where no image has a text, with
/// the names of the outermost folders as classes. Paths are held in memory, about 300 bytes an image.
/// </summary>
internal sealed class FolderPairs : IPairReader
{
    private readonly IReadOnlyList<ImageFile> _files;
    private readonly BesideCaptions _beside;
    private readonly Dictionary<string, int>? _classes;

    private FolderPairs(IReadOnlyList<ImageFile> files, SourceOptions options)
    {
        (_files, _beside) = (files, new BesideCaptions([.. files.Select(file => file.Path)], options));
        if (!_beside.Any())
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
        ImageFolder.Find(folder, options, BesideCaptions.Extensions) is { Count: > 0 } files ? new FolderPairs(files, options.Within(folder)) : null;

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

    private SourcePair Pair(ImageFile file)
    {
        var pair = new SourcePair { Key = file.Key };
        if (_classes is not null)
        {
            return (pair with { Class = _classes.TryGetValue(ClassOf(file), out var number) ? number.ToString(CultureInfo.InvariantCulture) : null }).With(file.Path);
        }

        try
        {
            var json = _beside.ReadJson(file.Path);
            pair = pair with { Fields = json is null ? JsonFields.None : JsonFields.Of(json) };
            return (pair with { Captions = _beside.Of(file.Path, json) ?? [] }).With(file.Path);
        }
        catch (BadSampleException e)
        {
            return pair with { Problem = e.Source() };
        }
    }
}
