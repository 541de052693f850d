using System.Buffers;
using System.Text;
using CsvHelper;
using Flip.Data.Files;
using Flip.Io;

namespace Flip.Ingest.Tables;

/// <summary>
/// Columns that a sign divides: CSV, TSV. The file is read once when it is opened, which counts its rows and tells whether its quotes close: RFC 4180 has line breaks in quotes, but where
/// they do not close, as in captions of strangers, each is a sign as any other, and one must not take the lines behind it. Of two columns the second goes to the line's end, for
/// published lists have separators without quotes in it.
/// </summary>
internal sealed class CsvTable : ITable
{
    /// <summary>What a row without values is of.</summary>
    private static readonly SearchValues<byte> Blank = SearchValues.Create(" \t,;|\""u8);

    private readonly CsvShape _shape;
    private readonly bool _lineBreaks;

    private CsvTable(string path, CsvShape shape, CancellationToken cancellation)
    {
        (Name, _shape) = (path, shape);
        (Count, _lineBreaks) = Soundly(cancellation) is { } count ? (count, true) : (Counted(lineBreaks: false, null, cancellation), false);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Columns => _shape.Columns;

    /// <inheritdoc/>
    public long Count { get; }

    /// <summary>Opens a file.</summary>
    /// <exception cref="ConfigException">It cannot be read, or has no line.</exception>
    public static CsvTable Open(string path, TableOptions options, CancellationToken cancellation)
    {
        try
        {
            using var text = TableText.Open(path);
            var first = TextFile.Lines(text, path).FirstOrDefault(line => line.Trim().Length > 0)
                ?? throw new ConfigException($"'{path}' has no row{TextLines.EmptyHint(path)}.");
            return new CsvTable(path, CsvShape.Of(path, first, options.Named), cancellation);
        }
        catch (Exception e) when (e is InvalidDataException or CsvFormatException)
        {
            throw new ConfigException($"'{path}' cannot be read: {e.Message}");
        }
    }

    /// <inheritdoc/>
    public IEnumerable<TableRow> Read(IReadOnlyCollection<int>? columns = null, long first = 0, CancellationToken cancellation = default)
    {
        var wanted = columns is null ? null : new HashSet<int>(columns);
        var index = 0L;
        foreach (var csv in Records(_lineBreaks, null))
        {
            cancellation.ThrowIfCancellationRequested();
            if (index >= first)
            {
                yield return Row(csv, index, wanted);
            }

            index++;
        }
    }

    /// <summary>The rows; null where quotes do not close.</summary>
    private long? Soundly(CancellationToken cancellation)
    {
        try
        {
            var isSound = true;
            var count = Counted(lineBreaks: true, record => isSound &= record.Reason == CsvMalformedReason.StrayQuote, cancellation); // in a field without quotes it is text
            return isSound ? count : null;
        }
        catch (CsvFormatException)
        {
            return null; // a quote that does not close goes on to the longest record
        }
    }

    private long Counted(bool lineBreaks, Action<CsvMalformedRecord>? malformed, CancellationToken cancellation)
    {
        var count = 0L;
        foreach (var _ in Records(lineBreaks, malformed))
        {
            cancellation.ThrowIfCancellationRequested();
            count++;
        }

        return count;
    }

    /// <summary>The reader at each row; the header and blank ones are passed over.</summary>
    private IEnumerable<CsvReader> Records(bool lineBreaks, Action<CsvMalformedRecord>? malformed)
    {
        using var text = TableText.Open(Name);
        using var csv = CsvReader.Create(text, new CsvReaderOptions
        {
            Separator = _shape.Separator,
            HasHeader = false,
            AllowLineBreaksInQuotes = lineBreaks,
            Mode = lineBreaks || _shape.Separator != '\t' ? CsvMode.Rfc4180 : CsvMode.NoEscape, // a caption has commas, and quotes for them; tabs it has not
            MaxRecordSize = TextFile.LongestLine,
            TrackLineNumbers = true,
            OnMalformedRecord = malformed,
        });
        for (var isHeader = _shape.HasHeader; csv.Read();)
        {
            if (csv.RawRecord.ContainsAnyExcept(Blank))
            {
                if (!isHeader)
                {
                    yield return csv;
                }

                isHeader = false;
            }
        }
    }

    private TableRow Row(CsvReader csv, long index, HashSet<int>? wanted)
    {
        var where = FormattableString.Invariant($"line {csv.LineNumber}");
        if (csv.FieldCount > Columns.Count && Columns.Count != 2)
        {
            return TableRow.Bad(index, Name, where, FormattableString.Invariant($"it has {csv.FieldCount} columns, and the table {Columns.Count}"));
        }

        var values = new object?[Columns.Count];
        for (var column = 0; column < Math.Min(values.Length, csv.FieldCount); column++)
        {
            if (wanted?.Contains(column) != false)
            {
                values[column] = column == 1 && csv.FieldCount > Columns.Count
                    ? Encoding.UTF8.GetString(csv.RawRecord[(csv.GetRawSpan(0).Length + 1)..])
                    : csv.GetString(column);
            }
        }

        return new TableRow(index, Name, where, values);
    }
}
