using System.Runtime.InteropServices;

namespace Flip.Search.Interop;

/// <summary>
/// USearch's C interface, as far as an index needs it. The package's own wrapper reserves and converts by itself, copies every vector into an array and
/// cannot look at memory that was checked before; so its native library is called here, and nowhere else.
/// </summary>
internal static partial class Usearch
{
    private const string Library = "libusearch_c";

    /// <summary>Number of the cosine metric.</summary>
    public const int Cosine = 1;

    [LibraryImport(Library, EntryPoint = "usearch_init")]
    public static partial nint Init(in Options options, out nint error);

    [LibraryImport(Library, EntryPoint = "usearch_free")]
    public static partial void Free(nint index, out nint error);

    [LibraryImport(Library, EntryPoint = "usearch_reserve")]
    public static partial void Reserve(UsearchHandle index, nuint capacity, out nint error);

    [LibraryImport(Library, EntryPoint = "usearch_change_threads_add")]
    public static partial void ChangeThreadsAdd(UsearchHandle index, nuint threads, out nint error);

    [LibraryImport(Library, EntryPoint = "usearch_change_threads_search")]
    public static partial void ChangeThreadsSearch(UsearchHandle index, nuint threads, out nint error);

    [LibraryImport(Library, EntryPoint = "usearch_change_expansion_search")]
    public static partial void ChangeExpansionSearch(UsearchHandle index, nuint expansion, out nint error);

    [LibraryImport(Library, EntryPoint = "usearch_change_expansion_add")]
    public static partial void ChangeExpansionAdd(UsearchHandle index, nuint expansion, out nint error);

    [LibraryImport(Library, EntryPoint = "usearch_add")]
    public static unsafe partial void Add(UsearchHandle index, ulong key, void* vector, int kind, out nint error);

    [LibraryImport(Library, EntryPoint = "usearch_size")]
    public static partial nuint Size(UsearchHandle index, out nint error);

    [LibraryImport(Library, EntryPoint = "usearch_save", StringMarshalling = StringMarshalling.Utf8)]
    public static partial void Save(UsearchHandle index, string path, out nint error);

    [LibraryImport(Library, EntryPoint = "usearch_load_buffer")]
    public static unsafe partial void LoadBuffer(UsearchHandle index, void* buffer, nuint length, out nint error);

    [LibraryImport(Library, EntryPoint = "usearch_view_buffer")]
    public static unsafe partial void ViewBuffer(UsearchHandle index, void* buffer, nuint length, out nint error);

    [LibraryImport(Library, EntryPoint = "usearch_search")]
    public static unsafe partial nuint Search(
        UsearchHandle index, void* query, int kind, nuint count, ulong* keys, float* distances, out nint error);

    /// <summary>Throws what a call reported.</summary>
    /// <param name="error">Its message; 0 where there is none. USearch owns it.</param>
    /// <param name="call">What was called.</param>
    /// <exception cref="UsearchException">There is a message.</exception>
    public static void Check(nint error, string call)
    {
        if (error != 0)
        {
            throw new UsearchException($"USearch, {call}: {Marshal.PtrToStringUTF8(error)}");
        }
    }

    /// <summary><c>usearch_init_options_t</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Options
    {
        public int MetricKind;
        public nint Metric;
        public int Quantization;
        public nuint Dimensions;
        public nuint Connectivity;
        public nuint ExpansionAdd;
        public nuint ExpansionSearch;
        public byte Multi;
    }
}
