namespace Flip.Native;

/// <summary>The libtorch that a process has loaded.</summary>
/// <param name="Folder">Full path of the folder it was loaded from.</param>
/// <param name="Version">Its version, such as <c>2.10.0</c> or <c>2.10.0+cu128</c>; null where it does not say.</param>
/// <param name="HasCuda">Whether it was built for CUDA: its CUDA library is there. It says nothing about devices (<see cref="CudaDriver"/>).</param>
/// <param name="Origin">How it was found.</param>
public sealed record LibTorchInfo(string Folder, string? Version, bool HasCuda, LibTorchOrigin Origin);
