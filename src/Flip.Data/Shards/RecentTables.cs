namespace Flip.Data.Shards;

/// <summary>Keeps the tables of samples that were loaded last, within a bound of bytes: a training is in a few shards at a time, of however many.</summary>
/// <param name="most">Bytes of all of them.</param>
internal sealed class RecentTables(long most = 1 << 29)
{
    private readonly Queue<SampleTable> _tables = new();
    private readonly Lock _gate = new();
    private long _bytes;

    /// <summary>Keeps one more; those that were loaded first go.</summary>
    public void Add(SampleTable table)
    {
        lock (_gate)
        {
            _tables.Enqueue(table);
            _bytes += table.Size;
            while (_bytes > most && _tables.Count > 1)
            {
                _bytes -= _tables.Dequeue().Size;
            }
        }
    }
}
