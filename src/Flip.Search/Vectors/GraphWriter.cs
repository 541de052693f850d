using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using Flip.Devices;
using Flip.Io;
using Flip.Search.Interop;

namespace Flip.Search.Vectors;

/// <summary>Writes a file of vectors with its graph: from nothing, or from a file before it, whose graph is grown.</summary>
/// <param name="layout">What the file is to be.</param>
/// <param name="threads">Threads that add; null for as many as there are processors. One alone makes the same graph every time.</param>
internal sealed class GraphWriter(VectorLayout layout, int? threads = null)
{
    /// <summary>Ending of a file that is being written.</summary>
    public const string TemporarySuffix = ".tmp";

    private const double Overhead = 1.3; // of memory, beside the file that is written: levels, lookups, rounding of what is reserved
    private const int ReportEvery = 512;

    /// <summary>Writes a file; it appears whole or not at all.</summary>
    /// <param name="path">Where it appears.</param>
    /// <param name="grown">The file to grow; null to begin with nothing.</param>
    /// <param name="keys">Keys of the vectors to add.</param>
    /// <param name="read">Gives the numbers of a key: bytes of the file's own format (true) or floats, into the room that is handed in. From any thread.</param>
    /// <param name="report">Receives how many were added, from any thread.</param>
    /// <param name="cancellation">Stops between two vectors.</param>
    /// <exception cref="ConfigException">The memory of the machine does not suffice.</exception>
    public void Write(
        string path, VectorFile? grown, IReadOnlyList<long> keys, ReadVector read, Action<long>? report = null, CancellationToken cancellation = default)
    {
        var count = (grown?.Count ?? 0L) + keys.Count;
        CheckMemory(count);
        using var index = UsearchHandle.Create(layout.Options);
        var adding = Math.Max(1, Math.Min(threads ?? Processors.Available, keys.Count));
        Usearch.ChangeThreadsAdd(index, (nuint)Math.Max(adding, Environment.ProcessorCount), out var error);
        Usearch.Check(error, "threads");
        grown?.LoadInto(index);
        Usearch.ChangeExpansionAdd(index, (nuint)layout.Graph.ExpansionAdd, out error);
        Usearch.Check(error, "expansion");
        Usearch.Reserve(index, (nuint)count, out error);
        Usearch.Check(error, "reserve");
        try
        {
            Add(index, keys, read, adding, report, cancellation);
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }

        var size = Usearch.Size(index, out error);
        if (size != (nuint)count)
        {
            throw new InvalidOperationException($"USearch holds {size} vectors after {count} were given to it.");
        }

        Save(index, path);
    }

    /// <summary>Reads the numbers of a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="raw">Room for bytes of the file's own format, <c>[VectorBytes]</c>.</param>
    /// <param name="floats">Room for floats, <c>[D]</c>.</param>
    /// <returns>Whether <paramref name="raw"/> was filled; else <paramref name="floats"/> was.</returns>
    public delegate bool ReadVector(long key, Span<byte> raw, Span<float> floats);

    private unsafe void Add(UsearchHandle index, IReadOnlyList<long> keys, ReadVector read, int adding, Action<long>? report, CancellationToken cancellation)
    {
        var next = -1;
        Parallel.For(0, adding, new ParallelOptions { MaxDegreeOfParallelism = adding }, _ =>
        {
            var (raw, floats) = (new byte[layout.VectorBytes], new float[layout.Dim]);
            fixed (byte* bytes = raw)
            {
                fixed (float* numbers = floats)
                {
                    for (var i = Interlocked.Increment(ref next); i < keys.Count; i = Interlocked.Increment(ref next))
                    {
                        cancellation.ThrowIfCancellationRequested();
                        var isRaw = read(keys[i], raw, floats);
                        Usearch.Add(index, (ulong)keys[i], isRaw ? bytes : numbers, isRaw ? layout.Kind : VectorLayout.FloatKind, out var error);
                        Usearch.Check(error, "add");
                        if (i % ReportEvery == 0)
                        {
                            report?.Invoke(i);
                        }
                    }
                }
            }
        });
        report?.Invoke(keys.Count);
    }

    /// <summary>USearch opens the file by its name, so one that no one can foresee is made for it first.</summary>
    private static void Save(UsearchHandle index, string path)
    {
        var temporary = $"{path}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}{TemporarySuffix}";
        new FileStream(temporary, FileMode.CreateNew, FileAccess.Write).Dispose();
        try
        {
            Usearch.Save(index, temporary, out var error);
            Usearch.Check(error, "save");
            AtomicFile.Publish(temporary, path);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private void CheckMemory(long count)
    {
        var (needed, memory) = (Overhead * count * (layout.VectorBytes + 64 + (8L * layout.Graph.Connectivity)), GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        if (count > int.MaxValue || needed > memory)
        {
            throw new ConfigException(FormattableString.Invariant(
                $"{count:N0} vectors of {layout.Dim:N0} numbers take {needed / (1 << 30):0.#} GiB of memory while their graph is made, and the machine has {(double)memory / (1 << 30):0.#}: take a smaller number format, or several indexes."));
        }
    }
}
