using System.Runtime.CompilerServices;
using Flip.Native;

namespace Flip.Tests;

internal static class TestSetup
{
    [ModuleInitializer]
    internal static void LoadLibTorch()
    {
        LibTorch.PrepareProcess();
        LibTorch.EnsureLoaded();
        TorchSharp.torch.set_num_threads(2);
    }
}
