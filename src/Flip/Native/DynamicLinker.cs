using System.Runtime.InteropServices;

namespace Flip.Native;

/// <summary>Linux's own linker, which says what is wrong in a few words, and can resolve all of a library's imports when it is loaded.</summary>
internal static partial class DynamicLinker
{
    private const int Lazy = 1; // RTLD_LAZY
    private const int Now = 2; // RTLD_NOW
    private const int Global = 0x100; // RTLD_GLOBAL
    private static readonly Lock Gate = new();

    /// <summary>Loads a library for as long as the process lives.</summary>
    /// <param name="path">Full path of its file; or a name, which is looked for where the system has its libraries.</param>
    /// <param name="resolveAll">Whether a function that nothing loaded offers is an error here; else it ends the process at the first call.</param>
    /// <param name="isForAll">Whether libraries that are loaded later find its functions.</param>
    /// <returns>The library's handle and null; or 0 and the linker's words, which do not repeat the path.</returns>
    public static (nint Handle, string? Problem) Load(string path, bool resolveAll = false, bool isForAll = false)
    {
        lock (Gate)
        {
            _ = dlerror(); // finds the function itself, and forgets what came before
            var handle = dlopen(path, (resolveAll ? Now : Lazy) | (isForAll ? Global : 0));
            return handle != 0 ? (handle, null) : (0, Reason(path, Marshal.PtrToStringUTF8(dlerror())));
        }
    }

    /// <summary>The file of the library that has a function; null where none has it.</summary>
    public static string? FileOf(nint function) => dladdr(function, out var info) == 0 ? null : Marshal.PtrToStringUTF8(info.File);

    /// <summary>A C++ name as people write it; the name itself where it is none.</summary>
    public static string Demangle(string symbol)
    {
        nint text = 0;
        try
        {
            text = __cxa_demangle(symbol, 0, 0, out var status);
            return status == 0 ? Marshal.PtrToStringUTF8(text) ?? symbol : symbol;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return symbol;
        }
        finally
        {
            Free(text);
        }
    }

    private static unsafe void Free(nint text) => NativeMemory.Free((void*)text);

    private static string Reason(string path, string? words)
    {
        words = (words ?? "the system's linker gives no reason").ReplaceLineEndings(" ");
        return words.StartsWith(path + ": ", StringComparison.Ordinal) ? words[(path.Length + 2)..] : words;
    }

    [LibraryImport("libdl.so.2", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint dlopen(string path, int flags);

    [LibraryImport("libdl.so.2")]
    private static partial nint dlerror();

    [LibraryImport("libdl.so.2")]
    private static partial int dladdr(nint address, out AddressInfo info);

    [LibraryImport("libstdc++.so.6", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint __cxa_demangle(string symbol, nint buffer, nint length, out int status);

    /// <summary>Dl_info.</summary>
    private struct AddressInfo
    {
        public nint File;
        public nint Start;
        public nint Symbol;
        public nint SymbolAddress;
    }
}
