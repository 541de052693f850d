namespace Flip.Native;

/// <summary>What NVIDIA's driver tells of a device.</summary>
/// <param name="Index">Its number, as in <c>cuda:0</c>; <c>CUDA_VISIBLE_DEVICES</c> hides and reorders devices.</param>
/// <param name="Name">Its name, such as <c>NVIDIA H100 80GB HBM3</c>.</param>
/// <param name="TotalBytes">Bytes of its memory.</param>
/// <param name="ComputeCapability">Its architecture's number, such as 9.0.</param>
/// <param name="Multiprocessors">Its multiprocessors.</param>
/// <param name="ClockKilohertz">The highest clock of its multiprocessors, in kHz.</param>
public sealed record CudaDevice(int Index, string Name, long TotalBytes, Version ComputeCapability, int Multiprocessors, int ClockKilohertz);
