using System.Runtime.InteropServices;
using System.Text;
using static TorchSharp.torch;

namespace Flip.Native;

/// <summary>Calls operators of libtorch by name, through its stable C interface (since 2.10): for those that TorchSharp lacks.</summary>
/// <remarks>
/// An argument has 64 bits: those of a number, or an address. libtorch takes over the lists and handles at such an address, even where the operator then fails.
/// TorchSharp's handle of a tensor is what libtorch's is, and a call gets new ones, so the tensors remain their owner's. An argument that may be missing lies in
/// memory that libtorch deletes, so it comes from the same C++ runtime.
/// </remarks>
internal sealed unsafe class LibTorchDispatcher
{
    private const ulong Version = (2UL << 56) | (10UL << 48); // of the interface that this class is written for
    private static readonly Lazy<LibTorchDispatcher?> OfProcess = new(Find);

    private readonly delegate* unmanaged<byte*, byte*, ulong*, ulong, int> _call;
    private readonly delegate* unmanaged<nuint, nint*, int> _newList;
    private readonly delegate* unmanaged<nint, ulong, int> _append;
    private readonly delegate* unmanaged<nint, nint*, int> _newHandle;
    private readonly delegate* unmanaged<nuint, ulong*> _newMemory;
    private readonly delegate* unmanaged<byte*> _reason;

    private LibTorchDispatcher(nint library, nint[] required)
    {
        _call = (delegate* unmanaged<byte*, byte*, ulong*, ulong, int>)required[0];
        _newList = (delegate* unmanaged<nuint, nint*, int>)required[1];
        _append = (delegate* unmanaged<nint, ulong, int>)required[2];
        _newHandle = (delegate* unmanaged<nint, nint*, int>)required[3];
        _newMemory = (delegate* unmanaged<nuint, ulong*>)required[4];
        _ = NativeLibrary.TryGetExport(library, "torch_exception_get_what_without_backtrace", out var reason); // since 2.13
        _reason = (delegate* unmanaged<byte*>)reason;
    }

    /// <summary>That of the libtorch in use; null where it lacks the interface.</summary>
    public static LibTorchDispatcher? Loaded => OfProcess.Value;

    /// <summary>That of a loaded library; null where it lacks the interface.</summary>
    public static LibTorchDispatcher? Of(nint library)
    {
        string[] names = ["torch_call_dispatcher", "torch_new_list_reserve_size", "torch_list_push_back", "aoti_torch_new_tensor_handle", "_Znwm"];
        var required = new nint[names.Length];
        foreach (var (i, name) in names.Index())
        {
            if (!NativeLibrary.TryGetExport(library, name, out required[i]))
            {
                return null;
            }
        }

        return new LibTorchDispatcher(library, required);
    }

    /// <summary>Calls an operator that has no results.</summary>
    /// <param name="name">Name with its namespace, such as <c>aten::_fused_adamw_</c>.</param>
    /// <param name="arguments">All arguments of its schema in their order, defaults too: libtorch cannot see how many there are.</param>
    /// <exception cref="LibTorchException">The operator does not exist or refuses the arguments.</exception>
    public void Call(string name, params ReadOnlySpan<Argument> arguments)
    {
        var stack = stackalloc ulong[arguments.Length];
        for (var i = 0; i < arguments.Length; i++)
        {
            stack[i] = Encode(arguments[i]);
        }

        byte noOverload = 0;
        fixed (byte* terminated = Encoding.UTF8.GetBytes(name + '\0'))
        {
            Check(_call(terminated, &noOverload, stack, Version), name);
        }
    }

    private static LibTorchDispatcher? Find()
    {
        // By its short name the system gives the library that is loaded already.
        LibTorch.EnsureLoaded();
        return OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libtorch_cpu.so", out var library) ? Of(library) : null;
    }

    private ulong Encode(Argument argument) => argument switch
    {
        { List: { } tensors } => NewList(tensors),
        { Tensor: { } tensor } => NewOptional(NewHandle(tensor)),
        _ => argument.Bits,
    };

    private ulong NewList(IReadOnlyList<Tensor> tensors)
    {
        nint list;
        Check(_newList((nuint)tensors.Count, &list), "torch_new_list_reserve_size");
        foreach (var tensor in tensors)
        {
            Check(_append(list, NewHandle(tensor)), "torch_list_push_back");
        }

        return (ulong)list;
    }

    private ulong NewHandle(Tensor tensor)
    {
        nint handle;
        Check(_newHandle(tensor.Handle, &handle), "aoti_torch_new_tensor_handle");
        GC.KeepAlive(tensor);
        return (ulong)handle;
    }

    private ulong NewOptional(ulong value)
    {
        var memory = _newMemory(sizeof(ulong));
        *memory = value;
        return (ulong)memory;
    }

    private void Check(int code, string call)
    {
        if (code != 0)
        {
            var reason = _reason is null ? null : Marshal.PtrToStringUTF8((nint)_reason());
            throw new LibTorchException(
                $"libtorch's {call} failed with code {code}: {reason?.ReplaceLineEndings(" ") ?? "the reason is on the error output"}");
        }
    }

    /// <summary>An argument of an operator; the default one is a missing value.</summary>
    public readonly struct Argument
    {
        private Argument(ulong bits, Tensor? tensor, IReadOnlyList<Tensor>? list) => (Bits, Tensor, List) = (bits, tensor, list);

        /// <summary>Those of a number; 0 where there is no value.</summary>
        public ulong Bits { get; }

        /// <summary>An optional tensor that is there.</summary>
        public Tensor? Tensor { get; }

        /// <summary>A list of tensors.</summary>
        public IReadOnlyList<Tensor>? List { get; }

        public static implicit operator Argument(double number) => new(BitConverter.DoubleToUInt64Bits(number), null, null);

        public static implicit operator Argument(bool flag) => new(flag ? 1UL : 0, null, null);

        public static implicit operator Argument(Tensor[] list) => new(0, null, list);

        /// <summary>An argument whose type in the schema is <c>Tensor?</c>.</summary>
        public static Argument Optional(Tensor? tensor) => new(0, tensor, null);
    }
}
