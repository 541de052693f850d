using System.IO.MemoryMappedFiles;
using Flip.Devices;
using Flip.Io;
using Flip.Search.Interop;

namespace Flip.Search.Vectors;

/// <summary>
/// A file of vectors, mapped into memory and checked before anything follows it. A small one is searched by comparing every vector, a large one by its graph.
/// Safe to use from several threads.
/// </summary>
internal sealed unsafe class VectorFile : IDisposable
{
    /// <summary>Vectors up to which every one is compared: that takes milliseconds, and finds all neighbours.</summary>
    public const int ExactUpTo = 20_000;

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly UsearchHandle? _graph;
    private readonly SemaphoreSlim _threads = new(Processors.Available);
    private readonly byte* _bytes;
    private readonly long _length;
    private readonly long[] _keys; // of each row
    private readonly long[] _sorted; // the keys in order
    private readonly int[] _rows; // of each key in order

    private VectorFile(string path, VectorLayout layout, int rows, bool hasGraph)
    {
        (Layout, Count) = (layout, rows);
        using (var stream = PlainFile.OpenRead(path))
        {
            _length = stream.Length;
            if (_length < new GraphCheck(path, layout).LeastBytes(rows))
            {
                throw new IndexFormatException(path, FormattableString.Invariant($"it has {_length:N0} bytes, too few for {rows:N0} vectors of {layout.Dim:N0} numbers"));
            }

            _file = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        }

        _view = _file.CreateViewAccessor(0, _length, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _bytes);
        _bytes += _view.PointerOffset;
        _keys = new GraphCheck(path, layout).Keys(_bytes, _length, rows);
        (_sorted, _rows) = ([.. _keys], [.. Enumerable.Range(0, rows)]);
        Array.Sort(_sorted, _rows);
        for (var i = 1; i < rows; i++)
        {
            if (_sorted[i] == _sorted[i - 1])
            {
                throw new IndexFormatException(path, $"two of its vectors have the key {_sorted[i]}");
            }
        }

        _graph = hasGraph ? View() : null;
    }

    /// <summary>What the file is.</summary>
    public VectorLayout Layout { get; }

    /// <summary>Its vectors.</summary>
    public int Count { get; }

    /// <summary>Whether searches follow the graph.</summary>
    public bool UsesGraph => _graph is not null;

    /// <summary>Their keys in rising order.</summary>
    public ReadOnlySpan<long> Keys => _sorted;

    /// <summary>Maps a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="layout">What it has to be.</param>
    /// <param name="rows">Vectors that it has to have, at least 1.</param>
    /// <param name="graphFrom">Vectors above which its graph is used.</param>
    /// <exception cref="IndexFormatException">It is something else.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static VectorFile Open(string path, VectorLayout layout, int rows, int graphFrom = ExactUpTo)
    {
        VectorFile? file = null;
        try
        {
            return file = new VectorFile(path, layout, rows, rows > graphFrom);
        }
        catch (Exception e) when (e is UsearchException or ArgumentException)
        {
            throw new IndexFormatException(path, e.Message.TrimEnd('.'), e);
        }
    }

    /// <summary>The vectors that are nearest to a query.</summary>
    /// <param name="query"><c>[D]</c>, of any length but 0.</param>
    /// <param name="count">How many, at most.</param>
    /// <param name="isAlive">Which keys count; null for all.</param>
    /// <param name="exact">Whether every vector is compared, however many there are.</param>
    /// <returns>Keys with their cosines, the best first, equals by rising key.</returns>
    public IReadOnlyList<(long Key, float Cosine)> Search(ReadOnlySpan<float> query, int count, Func<long, bool>? isAlive = null, bool exact = false)
    {
        if (query.Length != Layout.Dim)
        {
            throw new ArgumentException($"The query has {query.Length} numbers, and the vectors have {Layout.Dim}.", nameof(query));
        }

        var prepared = VectorNumbers.Prepare(query, Layout.Format);
        _threads.Wait();
        try
        {
            return exact || _graph is null ? Compare(prepared, count, isAlive) : Follow(prepared, count, isAlive);
        }
        finally
        {
            _threads.Release();
        }
    }

    /// <summary>Whether there is a vector of a key.</summary>
    public bool Has(long key) => Array.BinarySearch(_sorted, key) >= 0;

    /// <summary>A vector as floats of length 1.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="floats">Receives them, <c>[D]</c>.</param>
    /// <returns>Whether there is one of that key.</returns>
    public bool TryGet(long key, Span<float> floats)
    {
        var place = Array.BinarySearch(_sorted, key);
        if (place < 0)
        {
            return false;
        }

        VectorNumbers.ToFloats(Row(_rows[place]), Layout.Format, floats);
        return true;
    }

    /// <summary>A vector as it lies in the file; empty where there is none of that key.</summary>
    public ReadOnlySpan<byte> Raw(long key) => Array.BinarySearch(_sorted, key) is >= 0 and var place ? Row(_rows[place]) : default;

    /// <summary>Gives the bytes of the whole file to USearch, which copies them.</summary>
    /// <param name="index">An empty index of the same layout.</param>
    public void LoadInto(UsearchHandle index)
    {
        Usearch.LoadBuffer(index, _bytes, (nuint)_length, out var error);
        Usearch.Check(error, "load");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _graph?.Dispose();
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
        _threads.Dispose();
    }

    private UsearchHandle View()
    {
        var graph = UsearchHandle.Create(Layout.Options);
        Usearch.ChangeThreadsSearch(graph, (nuint)Math.Max(Processors.Available, Environment.ProcessorCount), out var error);
        Usearch.Check(error, "threads");
        Usearch.ViewBuffer(graph, _bytes, (nuint)_length, out error);
        Usearch.Check(error, "view");
        Usearch.ChangeExpansionSearch(graph, (nuint)Layout.Graph.ExpansionSearch, out error);
        Usearch.Check(error, "expansion");
        return graph;
    }

    private ReadOnlySpan<byte> Row(int row) => new(_bytes + GraphCheck.VectorsAt + ((long)row * Layout.VectorBytes), Layout.VectorBytes);

    /// <summary>Compares every vector.</summary>
    private List<(long Key, float Cosine)> Compare(float[] query, int count, Func<long, bool>? isAlive)
    {
        var scratch = new float[Layout.Dim];
        var best = new PriorityQueue<long, (float Cosine, long Before)>(); // the worst of the best is first
        for (var row = 0; row < Count; row++)
        {
            if (isAlive is null || isAlive(_keys[row]))
            {
                var place = (VectorNumbers.Cosine(query, Row(row), Layout.Format, scratch), -_keys[row]);
                if (best.Count < count)
                {
                    best.Enqueue(_keys[row], place);
                }
                else if (best.TryPeek(out _, out var worst) && place.CompareTo(worst) > 0)
                {
                    best.DequeueEnqueue(_keys[row], place);
                }
            }
        }

        return Ordered(best.UnorderedItems.Select(found => (found.Element, found.Priority.Cosine)), count);
    }

    /// <summary>Follows the graph. Where keys that do not count are in the way, more are asked for.</summary>
    private List<(long Key, float Cosine)> Follow(float[] query, int count, Func<long, bool>? isAlive)
    {
        var scratch = new float[Layout.Dim];
        for (var asked = Math.Min(count, Count); ; asked = (int)Math.Min(2L * asked, Count))
        {
            var (keys, distances) = (new ulong[asked], new float[asked]);
            nuint found;
            fixed (float* numbers = query)
            {
                fixed (ulong* to = keys)
                {
                    fixed (float* away = distances)
                    {
                        found = Usearch.Search(_graph!, numbers, VectorLayout.FloatKind, (nuint)asked, to, away, out var error);
                        Usearch.Check(error, "search");
                    }
                }
            }

            var alive = keys.Take((int)found).Select(key => (long)key).Where(key => isAlive is null || isAlive(key)).ToList();
            if (alive.Count >= count || asked == Count || (int)found < asked)
            {
                return Ordered(alive.Select(key => (key, VectorNumbers.Cosine(query, Raw(key), Layout.Format, scratch))), count);
            }
        }
    }

    private static List<(long Key, float Cosine)> Ordered(IEnumerable<(long Key, float Cosine)> found, int count) =>
        [.. found.OrderByDescending(item => item.Cosine).ThenBy(item => item.Key).Take(count)];
}
