using System.Runtime.InteropServices;

namespace Flip.Native;

/// <summary>The C runtime's heap, which holds all tensors on a CPU.</summary>
internal static partial class NativeHeap
{
    private const int TrimThreshold = -1;
    private const int MmapMax = -4;

    /// <summary>
    /// Keeps freed memory for the next step. By default glibc maps every block above 32 MB afresh and returns it when freed, and the
    /// kernel's clearing of its pages takes longer than an elementwise operation on it.
    /// </summary>
    public static void KeepFreedMemory()
    {
        try
        {
            _ = mallopt(MmapMax, 0);
            _ = mallopt(TrimThreshold, -1);
        }
        catch (DllNotFoundException)
        {
            // Another C runtime, such as musl: it works as it does.
        }
    }

    [LibraryImport("libc.so.6")]
    private static partial int mallopt(int parameter, int value);
}
