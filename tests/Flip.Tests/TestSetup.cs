using System.Runtime.CompilerServices;
using Flip.Devices;
using Flip.Native;

namespace Flip.Tests;

internal static class TestSetup
{
    [ModuleInitializer]
    internal static void LoadLibTorch()
    {
        LibTorch.PrepareProcess();
        LibTorch.EnsureLoaded();
        TorchSharp.torch.set_num_threads(Processors.Available); // as settings that leave it open do: another number rounds otherwise, for all tests that run then
    }
}
