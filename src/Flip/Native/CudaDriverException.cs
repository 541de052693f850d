namespace Flip.Native;

/// <summary>A call of NVIDIA's driver has failed; the message has the call, its code and the code's name.</summary>
public sealed class CudaDriverException(string message) : FlipException(message);
