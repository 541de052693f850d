using System.Globalization;
using System.Text.Json;
using Flip.Data;
using Flip.Data.Files;
using Flip.Data.Shards;
using Flip.Ingest.Tables;
using Flip.Io;

namespace Flip.Ingest.Formats;

/// <summary>
/// Rows of a table: images by address, by path or as bytes in it, with captions. Rows behind each other that name the same file are one entry with several captions, as lists of
/// captions have them.
/// </summary>
/// <param name="table">The rows.</param>
/// <param name="columns">Which columns have what.</param>
/// <param name="options">What is allowed.</param>
internal sealed class TablePairs(ITable table, TableColumns columns, SourceOptions options) : IPairReader
{
    private const int MostCaptions = 1 << 14; // as a sample's .json may have

    private readonly HashSet<int> _parts = [columns.Image, columns.Path, .. columns.Captions];
    private readonly Dictionary<string, FolderBounds> _bounds = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public string Format => "a table of images and captions";

    /// <inheritdoc/>
    /// <remarks>Where rows name files, several may be one entry.</remarks>
    public long? Count { get; } = table.Columns[columns.Image].EndsWith(".bytes", StringComparison.OrdinalIgnoreCase) ? table.Count : null;

    /// <inheritdoc/>
    public IEnumerable<SourcePair> Read(long first = 0, CancellationToken cancellation = default)
    {
        var paths = new WrittenPaths();
        (TableRow Row, string Path, List<string> Captions)? open = null;
        var index = 0L;
        // Of embedded images every row is an entry, so that none has to be read to be passed over.
        var skipped = Count is null ? 0 : Math.Min(first, table.Count);
        first -= skipped;
        foreach (var row in table.Read(null, skipped, cancellation))
        {
            var path = PathOf(row);
            var captions = CaptionsOf(row, out var problem);
            if (open is { } before && path is not null && problem is null && path == before.Path && before.Row.File == row.File && before.Captions.Count + captions.Count <= MostCaptions)
            {
                before.Captions.AddRange(captions);
                continue;
            }

            if (open is { } done && index++ >= first)
            {
                yield return OfFile(done.Row, done.Path, done.Captions, paths);
            }

            open = path is not null && problem is null ? (row, path, captions) : null;
            if (open is null && index++ >= first)
            {
                yield return Pair(row, captions, problem);
            }
        }

        if (open is { } last && index >= first)
        {
            yield return OfFile(last.Row, last.Path, last.Captions, paths);
        }
    }

    private static bool IsUrl(string text) => text.Contains("://", StringComparison.Ordinal);

    /// <summary>The path that a row names; null where it has the image, an address, or nothing.</summary>
    private string? PathOf(TableRow row)
    {
        if (row.Problem is not null || row.Bytes(columns.Image).Length > 0)
        {
            return null;
        }

        var text = (row.Text(columns.Image) ?? row.Text(columns.Path))?.Trim();
        return text is { Length: > 0 } && !IsUrl(text) && !TextFile.IsBroken(text) ? text : null;
    }

    private List<string> CaptionsOf(TableRow row, out BadSource? problem)
    {
        problem = row.Problem is { } bad ? new BadSource("malformed row", $"{row.Place}: {bad}") : null;
        var captions = new List<string>();
        foreach (var text in problem is null ? columns.Captions.SelectMany(row.Texts) : [])
        {
            if (TextFile.IsBroken(text))
            {
                problem = new BadSource(CaptionReader.EncodingCause, $"{row.Place}: the text {TextFile.Problem}");
            }
            else if (captions.Count == MostCaptions)
            {
                problem = new BadSource("malformed row", FormattableString.Invariant($"{row.Place}: more than {MostCaptions:N0} captions, the most that a sample may have"));
                break;
            }
            else if (text.Trim() is { Length: > 0 } caption)
            {
                captions.Add(caption);
            }
        }

        return captions;
    }

    /// <summary>An entry of a row that names no file.</summary>
    private SourcePair Pair(TableRow row, List<string> captions, BadSource? problem)
    {
        var bytes = row.Bytes(columns.Image);
        var url = bytes.Length == 0 ? row.Text(columns.Image)?.Trim() : null;
        var pair = Basic(row, KeyOf(row), captions) with { Problem = problem };
        return problem is not null ? pair
            : bytes.Length > ImageFileSize.Most ? pair with { Problem = new BadSource("image file too large", $"{row.Place}: an image of {bytes.Length} bytes (at most {ImageFileSize.Most})") }
            : bytes.Length > 0 ? pair with { Image = bytes }
            : url is { Length: > 0 } && IsUrl(url) && !TextFile.IsBroken(url) ? pair with { Url = url }
            : pair with { Problem = new BadSource("no image", $"{row.Place}: it has neither an image nor the address or path of one") };
    }

    private SourcePair OfFile(TableRow row, string path, List<string> captions, WrittenPaths paths)
    {
        var pair = Basic(row, UnicodeName.Printable(path), captions);
        var folder = Path.GetDirectoryName(row.File)!;
        var file = paths.Resolve(path, folder);
        return Outside(file, folder, row) is { } outside ? pair with { Problem = new BadSource("outside the folder", outside) } : Placed(pair.With(file), row);
    }

    private static SourcePair Placed(SourcePair pair, TableRow row) =>
        pair.Problem is { } problem ? pair with { Problem = problem with { Message = $"{row.Place}: {problem.Message}" } } : pair;

    private string? Outside(string file, string folder, TableRow row)
    {
        if (options.AllowOutside)
        {
            return null;
        }

        if (!_bounds.TryGetValue(folder, out var bounds))
        {
            _bounds.Add(folder, bounds = new FolderBounds(folder));
        }

        return bounds.Problem(file, $" ({row.Place})");
    }

    private SourcePair Basic(TableRow row, string key, IReadOnlyList<string> captions) => new()
    {
        Key = key,
        Captions = captions,
        Class = row.Text(columns.Class)?.Trim(),
        Fields = Fields(row),
    };

    private string KeyOf(TableRow row) =>
        row.Text(columns.Key)?.Trim() is { Length: > 0 } key ? UnicodeName.Printable(key) : row.Index.ToString(CultureInfo.InvariantCulture);

    private Dictionary<string, JsonElement> Fields(TableRow row)
    {
        var fields = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        for (var column = 0; column < table.Columns.Count; column++)
        {
            if (!_parts.Contains(column) && row.Json(column) is { } value && !(value.ValueKind == JsonValueKind.String && TextFile.IsBroken(row.Text(column))))
            {
                fields[table.Columns[column]] = value;
            }
        }

        return fields;
    }
}
