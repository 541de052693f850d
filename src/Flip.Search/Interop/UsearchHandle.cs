using Microsoft.Win32.SafeHandles;

namespace Flip.Search.Interop;

/// <summary>An index of USearch.</summary>
internal sealed class UsearchHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    private UsearchHandle(nint index)
        : base(ownsHandle: true) => SetHandle(index);

    /// <summary>An empty index.</summary>
    /// <exception cref="UsearchException">There is not enough memory.</exception>
    public static UsearchHandle Create(in Usearch.Options options)
    {
        var index = Usearch.Init(options, out var error);
        Usearch.Check(error, "init");
        return new UsearchHandle(index);
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        Usearch.Free(handle, out _);
        return true;
    }
}
