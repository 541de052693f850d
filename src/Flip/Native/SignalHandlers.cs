using System.Runtime.InteropServices;

namespace Flip.Native;

/// <summary>
/// Keeps the handlers of the signals that .NET turns into exceptions, such as that of a null reference. Libraries for fast networks put their own in
/// their place when they start, and a caught exception would then end the process.
/// </summary>
internal sealed unsafe partial class SignalHandlers : IDisposable
{
    private const int Size = 256; // more than struct sigaction has anywhere
    private static readonly int[] Signals = [4, 6, 7, 8, 11]; // SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV

    private readonly byte[][] _handlers = [.. Signals.Select(_ => new byte[Size])];

    /// <summary>Takes note of the handlers as they are.</summary>
    public SignalHandlers() => ForEach((signal, handler) => sigaction(signal, 0, handler));

    /// <summary>Puts them back.</summary>
    public void Dispose() => ForEach((signal, handler) => sigaction(signal, handler, 0));

    private void ForEach(Func<int, nint, int> call)
    {
        foreach (var (signal, handler) in Signals.Zip(_handlers))
        {
            fixed (byte* first = handler)
            {
                _ = call(signal, (nint)first);
            }
        }
    }

    [LibraryImport("libc")]
    private static partial int sigaction(int signal, nint handler, nint before);
}
