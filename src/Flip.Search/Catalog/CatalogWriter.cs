using Microsoft.Data.Sqlite;

namespace Flip.Search.Catalog;

/// <summary>What became of an image that was put into a catalog.</summary>
internal enum PutResult
{
    /// <summary>Its key is new.</summary>
    Added,

    /// <summary>It shows something else than before.</summary>
    Replaced,

    /// <summary>It is as it was.</summary>
    Kept,

    /// <summary>An image of the same key was put before it.</summary>
    Repeated,
}

/// <summary>
/// Changes a catalog, alone. Contents are committed as they come. Images of the next generation are one transaction, which no reader of the present one sees; where
/// the index is not published afterwards, <see cref="Undo"/> takes it back.
/// </summary>
internal sealed class CatalogWriter : IDisposable
{
    private readonly string _path;
    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, SqliteCommand> _commands = new(StringComparer.Ordinal);
    private readonly HashSet<long> _put = [];
    private SqliteTransaction? _transaction;

    /// <summary>Opens a catalog.</summary>
    public CatalogWriter(string path) => (_path, _connection) = (path, CatalogDatabase.Open(path, writes: true));

    /// <summary>Takes back what was done for a generation that was not published.</summary>
    /// <param name="generation">The published one; 0 for none.</param>
    public void Undo(int generation) => InTransaction(() =>
    {
        Run("DELETE FROM images WHERE since > $a", generation);
        Run("UPDATE images SET until = NULL WHERE until > $a", generation);
    });

    /// <summary>The highest number of a content; 0 without any.</summary>
    public long LastContent() => Scalar("SELECT MAX(id) FROM contents") ?? 0;

    /// <summary>The contents behind a number, in order.</summary>
    public IReadOnlyList<long> ContentsBehind(long last) => Column("SELECT id FROM contents WHERE id > $a ORDER BY id", last);

    /// <summary>The content of a hash, or null.</summary>
    public long? Find(byte[] hash) => Scalar("SELECT id FROM contents WHERE hash = $a", hash);

    /// <summary>Removes contents that have no vector.</summary>
    public void Forget(IReadOnlyList<long> contents) => InTransaction(() =>
    {
        foreach (var content in contents)
        {
            Run("DELETE FROM contents WHERE id = $a", content);
            Run("DELETE FROM thumbnails WHERE content = $a", content);
        }
    });

    /// <summary>Adds contents, all or none. One of the same hash that is there has lost its vector, and gives way.</summary>
    public void Add(IEnumerable<(long Content, byte[] Hash, byte[]? Thumbnail)> contents) => InTransaction(() =>
    {
        foreach (var (content, hash, thumbnail) in contents)
        {
            Run("INSERT OR REPLACE INTO contents (id, hash) VALUES ($a, $b)", content, hash);
            if (thumbnail is not null)
            {
                Run("INSERT OR REPLACE INTO thumbnails (content, jpeg) VALUES ($a, $b)", content, thumbnail);
            }
        }
    });

    /// <summary>Begins the images of the next generation.</summary>
    public void Begin()
    {
        _put.Clear();
        _transaction = _connection.BeginTransaction();
    }

    /// <summary>Puts an image where it is to be from a generation on.</summary>
    public PutResult Put(int generation, CatalogImage image)
    {
        var before = Row("SELECT id, content, place FROM images WHERE key = $a AND until IS NULL", image.Key);
        if (before is { } there && _put.Contains(there.Id))
        {
            return PutResult.Repeated;
        }

        if (before is { } same && same.Content == image.Content)
        {
            _put.Add(same.Id);
            if (same.Place != image.Place)
            {
                Run("UPDATE images SET place = $a WHERE id = $b", image.Place, same.Id);
            }

            return PutResult.Kept;
        }

        if (before is { } other)
        {
            Run("UPDATE images SET until = $a WHERE id = $b", generation, other.Id);
        }

        _put.Add(Scalar("INSERT INTO images (key, place, content, since) VALUES ($a, $b, $c, $d) RETURNING id", image.Key, image.Place, image.Content, generation)!.Value);
        return before is null ? PutResult.Added : PutResult.Replaced;
    }

    /// <summary>Ends an image.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Remove(int generation, string key) => Scalar("UPDATE images SET until = $a WHERE key = $b AND until IS NULL RETURNING id", generation, key) is not null;

    /// <summary>Ends all images that were not put.</summary>
    /// <returns>How many.</returns>
    public long RemoveOthers(int generation)
    {
        var gone = Column("SELECT id FROM images WHERE until IS NULL").Where(id => !_put.Contains(id)).ToList();
        foreach (var id in gone)
        {
            Run("UPDATE images SET until = $a WHERE id = $b", generation, id);
        }

        return gone.Count;
    }

    /// <summary>Commits the images of the next generation.</summary>
    public void Commit()
    {
        Try(() => _transaction!.Commit());
        Drop();
    }

    /// <summary>Lets go of them.</summary>
    public void Drop()
    {
        _transaction?.Dispose();
        _transaction = null;
    }

    /// <summary>How many images there are now.</summary>
    public long Count() => Scalar("SELECT COUNT(*) FROM images WHERE until IS NULL")!.Value;

    /// <summary>The contents that they show, in rising order.</summary>
    public IReadOnlyList<long> Contents() => Column("SELECT DISTINCT content FROM images WHERE until IS NULL ORDER BY content");

    /// <summary>Removes images that ended before a generation, and contents that no image shows any more.</summary>
    public void Sweep(int generation) => InTransaction(() =>
    {
        Run("DELETE FROM images WHERE until < $a", generation);
        Run("DELETE FROM contents WHERE NOT EXISTS (SELECT 1 FROM images WHERE content = contents.id)");
        Run("DELETE FROM thumbnails WHERE NOT EXISTS (SELECT 1 FROM contents WHERE id = thumbnails.content)");
    });

    /// <inheritdoc/>
    public void Dispose()
    {
        Drop();
        foreach (var command in _commands.Values)
        {
            command.Dispose();
        }

        _connection.Dispose();
    }

    private void InTransaction(Action work)
    {
        Try(() => _transaction = _connection.BeginTransaction());
        try
        {
            work();
            Commit();
        }
        finally
        {
            Drop();
        }
    }

    private void Run(string sql, params object[] values) => Try(() => Command(sql, values).ExecuteNonQuery());

    private long? Scalar(string sql, params object[] values) => Try(() => Command(sql, values).ExecuteScalar()) as long?;

    private List<long> Column(string sql, params object[] values) => Try(() =>
    {
        using var rows = Command(sql, values).ExecuteReader();
        var column = new List<long>();
        while (rows.Read())
        {
            column.Add(rows.GetInt64(0));
        }

        return column;
    });

    private (long Id, long Content, string Place)? Row(string sql, params object[] values) => Try(() =>
    {
        using var rows = Command(sql, values).ExecuteReader();
        return rows.Read() ? (rows.GetInt64(0), rows.GetInt64(1), rows.GetString(2)) : ((long, long, string)?)null;
    });

    /// <summary>Each statement is prepared once; its values are <c>$a</c>, <c>$b</c> and so on.</summary>
    private SqliteCommand Command(string sql, object[] values)
    {
        if (!_commands.TryGetValue(sql, out var command))
        {
            command = _connection.CreateCommand();
            command.CommandText = sql;
            for (var i = 0; i < values.Length; i++)
            {
                command.Parameters.Add(new SqliteParameter($"${(char)('a' + i)}", null));
            }

            _commands.Add(sql, command);
        }

        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i];
        }

        command.Transaction = _transaction;
        return command;
    }

    private T Try<T>(Func<T> call)
    {
        try
        {
            return call();
        }
        catch (SqliteException e)
        {
            throw CatalogDatabase.Failure(_path, e);
        }
    }

    private void Try(Action call) => Try(() =>
    {
        call();
        return 0;
    });
}
