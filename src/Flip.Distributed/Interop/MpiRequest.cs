namespace Flip.Distributed.Interop;

/// <summary>A transfer that MPI carries out, and what it reads meanwhile.</summary>
/// <param name="handle">MPI's own; whole where MPI has pointers, in the lower half where it has integers.</param>
/// <param name="held">Memory that MPI reads until the transfer is done; null where somebody else keeps it.</param>
internal sealed class MpiRequest(nint handle, object? held = null)
{
    private nint _handle = handle;

    /// <summary>MPI's own handle, which it changes.</summary>
    public ref nint Handle => ref _handle;

    /// <summary>Ends the use of the memory.</summary>
    public void Release() => GC.KeepAlive(held);
}
