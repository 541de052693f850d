using System.Runtime.InteropServices;

namespace Flip.Training;

/// <summary>A step asked for more memory than its device has; the message says what it takes and which settings take less.</summary>
public sealed class OutOfDeviceMemoryException(string message, Exception inner) : FlipException(message, inner)
{
    /// <summary>True if libtorch failed for want of memory, of a GPU or of the processor.</summary>
    public static bool IsCause(Exception failure) => failure is OutOfMemoryException
        || (failure is ExternalException && (failure.Message.Contains("out of memory", StringComparison.OrdinalIgnoreCase)
            || failure.Message.Contains("can't allocate memory", StringComparison.OrdinalIgnoreCase)));
}
