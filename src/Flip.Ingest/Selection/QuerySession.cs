using System.Data.Common;
using System.Globalization;
using DuckDB.NET.Data;
using DuckDB.NET.Native;
using Flip.Devices;
using Flip.Io;

namespace Flip.Ingest.Selection;

/// <summary>
/// A database in memory that answers queries over tables. It reads the files that it was told of and writes into its own folder, where it also keeps what does not fit in a quarter of the machine's memory;
/// no query, whoever wrote it, reaches another file or the network, or changes these settings.
/// </summary>
internal sealed class QuerySession : IDisposable
{
    private const int MemoryShare = 4;
    private const long LeastMemory = 512L << 20;
    private const double AllPercent = 100;
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(0.2);

    private readonly DuckDBConnection _connection = new("DataSource=:memory:");
    private readonly Action<double>? _progress;
    private readonly CancellationToken _cancellation;

    /// <summary>Opens a database.</summary>
    /// <param name="files">Files that queries may read.</param>
    /// <param name="folder">A folder for its files; whoever made it deletes it.</param>
    /// <param name="progress">Receives a query's share that is done, 0 to 1, now and then.</param>
    /// <param name="cancellation">Stops a query.</param>
    public QuerySession(IEnumerable<string> files, string folder, Action<double>? progress, CancellationToken cancellation)
    {
        (_progress, _cancellation) = (progress, cancellation);
        _connection.Open();
        var memory = Math.Max(LeastMemory, DeviceMemory.OfMachine / MemoryShare) >> 20;
        foreach (var setting in (string[])
        [
            "autoinstall_known_extensions = false",
            "autoload_known_extensions = false",
            "allow_community_extensions = false",
            "preserve_insertion_order = true",
            "enable_progress_bar = true", // counted, and shown by who asks
            "enable_progress_bar_print = false",
            FormattableString.Invariant($"threads = {Processors.Available}"),
            FormattableString.Invariant($"memory_limit = '{memory} MiB'"),
            $"temp_directory = {SqlText.Literal(Path.Combine(folder, "spill"))}",
            $"allowed_directories = {SqlText.List([folder + Path.DirectorySeparatorChar])}",
            $"allowed_paths = {SqlText.List(files.SelectMany(file => (string[])[file, SqlText.Pattern(file)]).Distinct())}",
            "enable_external_access = false",
            "lock_configuration = true",
        ])
        {
            Execute("SET " + setting);
        }
    }

    /// <summary>Runs a statement.</summary>
    /// <returns>Rows that it changed or wrote.</returns>
    public long Execute(string sql) => Run(sql, command => command.ExecuteNonQuery());

    /// <summary>The first row's values as numbers.</summary>
    public long[] Numbers(string sql) => Run(sql, command =>
    {
        using var reader = command.ExecuteReader();
        reader.Read();
        return Enumerable.Range(0, reader.FieldCount).Select(i => Convert.ToInt64(reader.GetValue(i), CultureInfo.InvariantCulture)).ToArray();
    });

    /// <summary>The first column of all rows as texts; null for no value. They are held in memory.</summary>
    public IReadOnlyList<string?> Texts(string sql)
    {
        var texts = new List<string?>();
        Each(sql, texts.Add);
        return texts;
    }

    /// <summary>Takes the first column of each row as text, a few rows in memory at a time.</summary>
    public void Each(string sql, Action<string?> take) => Run(sql, command =>
    {
        command.UseStreamingMode = true;
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            _cancellation.ThrowIfCancellationRequested();
            take(reader.IsDBNull(0) ? null : reader.GetString(0));
        }

        return true;
    });

    /// <summary>Fills a table that is there, of columns of texts.</summary>
    /// <param name="table">Its name.</param>
    /// <param name="rows">The rows, by column; the same array may come again.</param>
    public void Append(string table, IEnumerable<string?[]> rows)
    {
        using var appender = _connection.CreateAppender(table);
        foreach (var row in rows)
        {
            _cancellation.ThrowIfCancellationRequested();
            var line = appender.CreateRow();
            foreach (var value in row)
            {
                _ = value is null ? line.AppendNullValue() : line.AppendValue(value);
            }

            line.EndRow();
        }
    }

    /// <summary>Gives queries a condition of texts.</summary>
    /// <param name="name">What queries call it.</param>
    /// <param name="holds">The condition; called from several threads.</param>
    public void Add(string name, Func<string, bool> holds) => _connection.RegisterScalarFunction<string, bool>(name, (columns, writer, rows) =>
    {
        for (var row = 0UL; row < rows; row++)
        {
            writer.WriteValue(columns[0].IsValid(row) && holds(columns[0].GetValue<string>(row)), row);
        }
    });

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    /// <summary>What the database says of a failure, in one line, without the query.</summary>
    internal static string Line(DbException e) => string.Join(' ', e.Message.Split('\n').TakeWhile(line => !line.StartsWith("LINE ", StringComparison.Ordinal)).Select(line => line.Trim()).Where(line => line.Length > 0));

    private T Run<T>(string sql, Func<DuckDBCommand, T> run)
    {
        _cancellation.ThrowIfCancellationRequested();
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        using var stop = _cancellation.Register(command.Cancel);
        var looks = _progress is null ? null : new Timer(_ => Look(), null, LookEvery, LookEvery);
        try
        {
            return run(command);
        }
        catch (DuckDBException e)
        {
            _cancellation.ThrowIfCancellationRequested();
            throw e.ErrorType is DuckDBErrorType.Io or DuckDBErrorType.OutOfMemory ? new IOException(Line(e), e) : new QueryException(Line(e), e);
        }
        finally
        {
            looks?.DisposeAsync().AsTask().GetAwaiter().GetResult(); // the connection outlives the last look
        }
    }

    private void Look()
    {
        if (_connection.GetQueryProgress().Percentage is >= 0 and <= AllPercent and var percent)
        {
            _progress!(percent / AllPercent);
        }
    }
}
