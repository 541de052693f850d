using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Flip.Data;
using Flip.Ingest.Tables;
using Flip.Io;

namespace Flip.Ingest.Selection;

/// <summary>
/// Samples that a file names: by uids (<see cref="UidFile"/>), or a table by its column <c>uid</c>, else <c>key</c>, else <c>source_key</c>. 16 bytes of memory a sample: the uid, or a hash of the key.
/// </summary>
public sealed class SampleSelection
{
    /// <summary>Columns that name samples, the first that a table has.</summary>
    private static readonly string[] Names = ["uid", "key", "source_key"];

    private readonly UInt128[] _samples;

    private SampleSelection(string column, UInt128[] samples, string sha256)
    {
        Array.Sort(samples);
        Array.Resize(ref samples, UidFile.Distinct(samples));
        (Column, _samples, Sha256) = (column, samples, sha256);
    }

    /// <summary>What it calls samples by: <c>uid</c>, <c>key</c> or <c>source_key</c>.</summary>
    public string Column { get; }

    /// <summary>Samples that it names, each once.</summary>
    public int Count => _samples.Length;

    /// <summary>SHA-256 of the file, or of the files' one behind the other, in lower-case hexadecimal digits.</summary>
    public string Sha256 { get; }

    /// <summary>Reads a file.</summary>
    /// <param name="source">An <c>.npy</c> file of uids, or a table; or several, as <see cref="TableFiles"/> has it.</param>
    /// <param name="options">Who receives messages.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="ConfigException">It cannot be read, or has no column that names samples.</exception>
    public static SampleSelection Open(string source, SourceOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        options ??= new();
        if (source.EndsWith(UidFile.Extension, StringComparison.OrdinalIgnoreCase))
        {
            var uids = UidFile.Read(source, options.Say, cancellation);
            return new SampleSelection(Names[0], uids, Hash([source]));
        }

        var files = SourceFiles.Find(source, TableFiles.IsTable, options);
        var table = TableFiles.Open(files, source, new TableOptions { Source = options, Named = Names }, cancellation);
        var name = Names.FirstOrDefault(name => ColumnNames.Find(table.Columns, [name]) >= 0)
            ?? throw new ConfigException($"'{source}': expected a column that names samples: {string.Join(", ", Names)}. Columns: {TableJoin.Listed(table.Columns)}.");
        return new SampleSelection(name, Read(table, name, options, cancellation), Hash(files));
    }

    /// <summary>Whether it names a sample.</summary>
    /// <param name="name">The sample's uid or key, by <see cref="Column"/>.</param>
    public bool Contains(string name) => (Column == Names[0] ? UidFile.TryParse(name, out var uid) : Hashed(name, out uid)) && Array.BinarySearch(_samples, uid) >= 0;

    private static UInt128[] Read(ITable table, string name, SourceOptions options, CancellationToken cancellation)
    {
        var (column, samples, unread, first) = (ColumnNames.Find(table.Columns, [name]), new List<UInt128>(), 0L, (string?)null);
        foreach (var row in table.Read([column], cancellation: cancellation))
        {
            if (row.Text(column) is { Length: > 0 } text && (name == Names[0] ? UidFile.TryParse(text, out var sample) : Hashed(text, out sample)))
            {
                samples.Add(sample);
            }
            else if (unread++ == 0)
            {
                first = $"{row.Place}: {row.Problem ?? $"'{row.Text(column)}' is no {name}"}";
            }
        }

        if (unread > 0)
        {
            options.Say?.Invoke(FormattableString.Invariant($"{unread:N0} rows of '{table.Name}' name no sample; the first: {first}."));
        }

        return [.. samples];
    }

    private static bool Hashed(string key, out UInt128 hash)
    {
        hash = BinaryPrimitives.ReadUInt128BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
        return true;
    }

    private static string Hash(IReadOnlyList<string> files)
    {
        try
        {
            string[] each = [.. files.Select(file => FileDigest.Of(file).Sha256)];
            return each is [var one] ? one : Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(string.Concat(each))));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"'{files[0]}' cannot be read: {e.Message}");
        }
    }
}
