using Flip.Io;
using Flip.Search.Vectors;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Flip.Search.Catalog;

/// <summary>
/// The database of an index: images with their keys and places, contents with their hashes and pictures. An image that is replaced or removed stays until the
/// index was changed twice more: a row counts in the generations from <c>since</c> to before <c>until</c>, so whoever reads a generation sees all of it and no other.
/// A database may be a stranger's: it has exactly these tables, no trigger, view or function of its own, and no value is longer than the bound.
/// </summary>
internal static class CatalogDatabase
{
    /// <summary>Characters of a key, or of a place.</summary>
    public const int LongestText = 4096;

    /// <summary>Bytes of a picture.</summary>
    public const int LongestPicture = 1 << 20;

    private const int LongestValue = 1 << 22;
    private const string TemporarySuffix = ".tmp";

    private static readonly (string Name, string Sql)[] Schema =
    [
        ("contents", "CREATE TABLE contents (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE) STRICT"),
        ("images", "CREATE TABLE images (id INTEGER PRIMARY KEY, key TEXT NOT NULL, place TEXT NOT NULL, content INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER) STRICT"),
        ("images_content", "CREATE INDEX images_content ON images (content)"),
        ("images_ended", "CREATE INDEX images_ended ON images (until) WHERE until IS NOT NULL"),
        ("images_present", "CREATE UNIQUE INDEX images_present ON images (key) WHERE until IS NULL"),
        ("thumbnails", "CREATE TABLE thumbnails (content INTEGER PRIMARY KEY, jpeg BLOB NOT NULL) STRICT"),
    ];

    /// <summary>Makes an empty database; it appears whole or not at all.</summary>
    public static void Create(string path)
    {
        var temporary = $"{path}.{Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(8))}{TemporarySuffix}";
        using (var connection = Connect(temporary, SqliteOpenMode.ReadWriteCreate))
        {
            Execute(connection, "PRAGMA journal_mode = OFF");
            foreach (var (_, sql) in Schema)
            {
                Execute(connection, sql);
            }

            Execute(connection, "PRAGMA journal_mode = WAL");
        }

        AtomicFile.Publish(temporary, path);
    }

    /// <summary>Removes what killed processes left of databases in the making.</summary>
    public static void DeleteLeftovers(string path) => AtomicFile.DeleteLeftovers(path, TemporarySuffix);

    /// <summary>Opens a database. A connection is for one thread at a time.</summary>
    /// <param name="path">The file.</param>
    /// <param name="writes">Whether it is changed.</param>
    /// <exception cref="IndexFormatException">It is no database of an index.</exception>
    public static SqliteConnection Open(string path, bool writes)
    {
        if (!File.Exists(path))
        {
            throw new IndexFormatException(path, "it is not there");
        }

        // SQLite rolls such a file back, and removes another one that it names. A database of this kind has none: its journal is its -wal.
        if (File.Exists(path + "-journal"))
        {
            throw new IndexFormatException(path + "-journal", "an index has no such file, and what it would do is unknown: remove it");
        }

        SqliteConnection? connection = null;
        try
        {
            connection = writes ? Connect(path, SqliteOpenMode.ReadWrite) : ConnectToRead(path);
            Execute(connection, "PRAGMA trusted_schema = OFF");
            Execute(connection, "PRAGMA cell_size_check = ON");
            Execute(connection, writes ? "PRAGMA synchronous = FULL" : "PRAGMA query_only = ON");
            CheckSchema(path, connection);
            return connection;
        }
        catch (SqliteException e)
        {
            connection?.Dispose();
            throw Failure(path, e);
        }
        catch
        {
            connection?.Dispose();
            throw;
        }
    }

    /// <summary>What SQLite could not do, in words.</summary>
    public static Exception Failure(string path, SqliteException e) => e.SqliteErrorCode is raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_FULL or raw.SQLITE_IOERR or raw.SQLITE_READONLY
        ? new IOException($"{path}: {e.Message.TrimEnd('.')}.", e)
        : new IndexFormatException(path, $"it is damaged, or no database of an index ({e.Message.TrimEnd('.')})", e);

    /// <summary>Runs a statement without a result.</summary>
    public static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>Where nobody may write, SQLite cannot make the files that it shares with writers, of which there is none then.</summary>
    private static SqliteConnection ConnectToRead(string path)
    {
        SqliteConnection? connection = null;
        try
        {
            connection = Connect(path, SqliteOpenMode.ReadOnly);
            Execute(connection, "SELECT COUNT(*) FROM sqlite_schema");
            return connection;
        }
        catch (SqliteException e) when (e.SqliteErrorCode is raw.SQLITE_CANTOPEN or raw.SQLITE_READONLY && !File.Exists(path + "-wal"))
        {
            connection?.Dispose();
            return Connect($"file:{Uri.EscapeDataString(Path.GetFullPath(path)).Replace("%2F", "/", StringComparison.Ordinal)}?immutable=1", SqliteOpenMode.ReadOnly);
        }
    }

    private static SqliteConnection Connect(string source, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = source, Mode = mode, Pooling = false }.ToString());
        try
        {
            connection.Open();
            raw.sqlite3_limit(connection.Handle, raw.SQLITE_LIMIT_LENGTH, LongestValue);
            raw.sqlite3_limit(connection.Handle, raw.SQLITE_LIMIT_ATTACHED, 0);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static void CheckSchema(string path, SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name";
        using var reader = command.ExecuteReader();
        var found = new List<(string, string)>();
        while (found.Count <= Schema.Length && reader.Read())
        {
            found.Add((reader.GetString(0), reader.GetString(1)));
        }

        if (!found.SequenceEqual(Schema))
        {
            throw new IndexFormatException(path, "it has other tables than an index");
        }
    }
}
