using System.Globalization;

namespace Flip.Ingest.Downloading;

/// <summary>Names of shards, of what is beside them, and of their samples, as img2dataset makes them.</summary>
/// <param name="folder">The folder of all.</param>
/// <param name="rowsPerShard">Rows of the list to a shard.</param>
internal sealed class ShardNames(string folder, int rowsPerShard)
{
    /// <summary>What is needed only while shards are made.</summary>
    public const string WorkFolder = ".download";

    private const int ShardDigits = 5;

    private readonly int _rowDigits = Math.Max(1, (rowsPerShard - 1).ToString(CultureInfo.InvariantCulture).Length);

    /// <summary>Where spools and locks are.</summary>
    public string Work => Path.Combine(folder, WorkFolder);

    public string Tar(int shard) => Path.Combine(folder, Number(shard) + ".tar");

    public string Table(int shard) => Path.Combine(folder, Number(shard) + ".parquet");

    public string Stats(int shard) => Path.Combine(folder, Number(shard) + "_stats.json");

    /// <summary>Rows that are done of a shard in the making.</summary>
    public string Spool(int shard) => Path.Combine(Work, Number(shard) + ".spool");

    /// <summary>Rows that are done anew of a finished shard. Where it is there, the shard has to be written again.</summary>
    public string RetrySpool(int shard) => Path.Combine(Work, Number(shard) + ".retry.spool");

    /// <summary>A sample's key: the shard's number and the row's in it.</summary>
    public string Key(int shard, int row) => Number(shard) + row.ToString(CultureInfo.InvariantCulture).PadLeft(_rowDigits, '0');

    private static string Number(int shard) => shard.ToString("D" + ShardDigits, CultureInfo.InvariantCulture);
}
