using System.Security.Cryptography;
using System.Text;
using Flip.Data;
using Flip.Ingest.Tables;

namespace Flip.Ingest.Downloading;

/// <summary>Which columns of a table are read.</summary>
public sealed record UrlColumns
{
    /// <summary>The address; null for the first that published lists call so.</summary>
    public string? Url { get; init; }

    /// <summary>The caption; null for the first that published lists call so, and none where there is none.</summary>
    public string? Caption { get; init; }

    /// <summary>SHA-256 that a file must have; null for none.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Columns that are kept.</summary>
    public IReadOnlyList<string> Saved { get; init; } = [];
}

/// <summary>A list of addresses in a table: Parquet, CSV, TSV, JSON lines, of one file or several.</summary>
public sealed class TableUrlList : IUrlList
{
    private readonly ITable _table;
    private readonly int _url;
    private readonly int _caption;
    private readonly int _hash;
    private readonly int[] _saved;

    private TableUrlList(ITable table, IReadOnlyList<string> files, UrlColumns columns)
    {
        _table = table;
        _url = Find(columns.Url, ColumnNames.Urls, "--url-column") is >= 0 and var url ? url
            : throw new ConfigException($"{table.Name}: no column is called as addresses of images are ({string.Join(", ", ColumnNames.Urls.Take(3))}, ...); name it by --url-column. It has {Shown}.");
        _caption = Find(columns.Caption, ColumnNames.Captions, "--caption-column");
        _hash = Find(columns.Sha256, [], "--sha256-column");
        _saved = [.. columns.Saved.Select(name => Find(name, [], "--save-columns"))];
        if (columns.Saved.FirstOrDefault(name => name is RowFields.Url or RowFields.Caption || RowFields.Own.Contains(name)) is { } taken)
        {
            throw new ConfigException($"--save-columns {taken}: what is written has a field of that name already; rename the column.");
        }

        if (columns.Saved.Distinct(StringComparer.Ordinal).Count() < columns.Saved.Count)
        {
            throw new ConfigException($"--save-columns {string.Join(',', columns.Saved)}: names a column twice.");
        }

        SavedColumns = columns.Saved;
        Identity = IdentityOf(files);
    }

    /// <inheritdoc/>
    public string Identity { get; }

    /// <inheritdoc/>
    public long? Count => _table.Count;

    /// <inheritdoc/>
    public bool HasCaptions => _caption >= 0;

    /// <inheritdoc/>
    public IReadOnlyList<string> SavedColumns { get; }

    private string Shown => string.Join(", ", _table.Columns.Take(20)) + (_table.Columns.Count > 20 ? ", ..." : string.Empty);

    /// <summary>Opens a list.</summary>
    /// <param name="source">A file, a folder with files of one kind, a name with <c>*</c> and <c>?</c> in its last part, or with braces.</param>
    /// <param name="columns">Which columns are read.</param>
    /// <param name="options">What is allowed.</param>
    /// <param name="cancellation">Stops the counting of rows.</param>
    /// <exception cref="ConfigException">There is no such list, or it lacks a column.</exception>
    public static TableUrlList Open(string source, UrlColumns columns, SourceOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(columns);
        var tableOptions = new TableOptions
        {
            Source = options ?? new(),
            Named = [.. new[] { columns.Url, columns.Caption, columns.Sha256 }.OfType<string>(), .. columns.Saved],
        };
        var files = SourceFiles.Find(source, TableFiles.IsTable, tableOptions.Source);
        return new TableUrlList(TableFiles.Open(files, source, tableOptions, cancellation), files, columns);
    }

    /// <inheritdoc/>
    public IEnumerable<UrlRow> Read(long first, CancellationToken cancellation)
    {
        int[] wanted = [.. new[] { _url, _caption, _hash }.Concat(_saved).Where(column => column >= 0).Distinct()];
        foreach (var row in _table.Read(wanted, first, cancellation))
        {
            // A row that cannot be read has none of these, and fails as one without an address.
            yield return new UrlRow(
                row.Text(_url)?.Trim() is { Length: > 0 } url ? url : null,
                row.Text(_caption)?.Trim() is { Length: > 0 } caption ? caption : null,
                row.Text(_hash)?.Trim() is { Length: > 0 } hash ? hash : null,
                [.. _saved.Select(column => row.Json(column)?.Clone())]);
        }
    }

    private int Find(string? name, IReadOnlyList<string> usual, string option)
    {
        if (name is null)
        {
            return ColumnNames.Find(_table.Columns, usual);
        }

        return ColumnNames.Find(_table.Columns, [name]) is >= 0 and var column ? column
            : throw new ConfigException($"{option} {name}: {_table.Name} has no such column. It has {Shown}.");
    }

    /// <summary>Names and lengths of files: where they lie differs from machine to machine.</summary>
    private string IdentityOf(IReadOnlyList<string> files)
    {
        var text = string.Join('\n', files.Select(file => FormattableString.Invariant($"{Path.GetFileName(file)} {new FileInfo(file).Length}")));
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{text}\n{_table.Columns[_url]}\n{(HasCaptions ? _table.Columns[_caption] : string.Empty)}")))[..16];
        return FormattableString.Invariant($"{_table.Count} rows of {Path.GetFileName(files[0])}{(files.Count > 1 ? FormattableString.Invariant($" and {files.Count - 1} more") : string.Empty)} ({hash})");
    }
}
