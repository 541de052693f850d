using System.Collections.Concurrent;
using Flip.Search.Vectors;
using Microsoft.Data.Sqlite;

namespace Flip.Search.Catalog;

/// <summary>Reads a catalog, from any number of threads: each call takes a connection, and gives it back.</summary>
/// <param name="path">The database.</param>
internal sealed class CatalogReader(string path) : IDisposable
{
    private const string Live = "since <= $g AND (until IS NULL OR until > $g)";

    private readonly ConcurrentBag<SqliteConnection> _spare = [];
    private volatile bool _isDisposed;

    /// <summary>The contents of a generation, in rising order.</summary>
    public long[] Contents(int generation) => Ask("SELECT DISTINCT content FROM images WHERE " + Live + " ORDER BY content", generation, [], row => row.GetInt64(0)).ToArray();

    /// <summary>How many images a generation has.</summary>
    public long Count(int generation) => Ask("SELECT COUNT(*) FROM images WHERE " + Live, generation, [], row => row.GetInt64(0)).Single();

    /// <summary>The images of a content, by rising key.</summary>
    public IReadOnlyList<CatalogImage> OfContent(int generation, long content) =>
        [.. Ask("SELECT content, key, place FROM images WHERE content = $a AND " + Live + " ORDER BY key", generation, [content], Image)];

    /// <summary>The image of a key, or null.</summary>
    public CatalogImage? OfKey(int generation, string key) =>
        Ask("SELECT content, key, place FROM images WHERE key = $a AND " + Live, generation, [key], Image).FirstOrDefault();

    /// <summary>All images, by rising key, read as they are asked for.</summary>
    public IEnumerable<CatalogImage> All(int generation) => Ask("SELECT content, key, place FROM images WHERE " + Live + " ORDER BY key", generation, [], Image);

    /// <summary>The picture of a content; null where there is none, or a larger one than is read.</summary>
    public byte[]? Thumbnail(long content) =>
        Ask("SELECT jpeg FROM thumbnails WHERE content = $a AND length(jpeg) <= $b", 0, [content, CatalogDatabase.LongestPicture], row => (byte[])row.GetValue(0)).FirstOrDefault();

    /// <inheritdoc/>
    public void Dispose()
    {
        _isDisposed = true;
        while (_spare.TryTake(out var connection))
        {
            connection.Dispose();
        }
    }

    private static CatalogImage Image(SqliteDataReader row) => new(row.GetInt64(0), row.GetString(1), row.GetString(2));

    private IEnumerable<T> Ask<T>(string sql, int generation, object[] values, Func<SqliteDataReader, T> read)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        var connection = _spare.TryTake(out var spare) ? spare : CatalogDatabase.Open(path, writes: false);
        try
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            command.Parameters.AddWithValue("$g", generation);
            foreach (var (i, value) in values.Index())
            {
                command.Parameters.AddWithValue(i == 0 ? "$a" : "$b", value);
            }

            using var rows = Try(() => command.ExecuteReader());
            while (Try(rows.Read))
            {
                yield return Try(() => read(rows));
            }
        }
        finally
        {
            _spare.Add(connection);
            if (_isDisposed)
            {
                Dispose();
            }
        }
    }

    private T Try<T>(Func<T> call)
    {
        try
        {
            return call();
        }
        catch (SqliteException e)
        {
            throw CatalogDatabase.Failure(path, e);
        }
        catch (Exception e) when (e is InvalidCastException or InvalidOperationException)
        {
            throw new IndexFormatException(path, "a value of it has another type", e);
        }
    }
}
