using System.Runtime.InteropServices;
using System.Xml.Linq;
using Flip.Native;
using TorchSharp;

namespace Flip.Tests.Native;

public partial class LibTorchTests
{
    [Fact]
    public void Libtorch_computes_a_product()
    {
        using var scope = torch.NewDisposeScope();
        Assert.Equal(8f, torch.ones(2, 4).mm(torch.ones(4, 1)).sum().item<float>());
    }

    [Fact]
    public void The_expected_version_is_that_of_the_packages()
    {
        var packages = XDocument.Load(SharedData.Test("../Directory.Packages.props")).Descendants("PackageVersion")
            .Where(package => ((string?)package.Attribute("Include"))!.StartsWith("libtorch-cpu-", StringComparison.Ordinal))
            .Select(package => (string?)package.Attribute("Version")).ToList();
        Assert.Equal(3, packages.Count);
        Assert.All(packages, version => Assert.Equal(LibTorch.ExpectedVersion, version));
        Assert.Equal(LibTorch.ExpectedVersion, torch.NormalizeNuGetVersion(torch.__version__)); // which TorchSharp's own library is built for
    }

    [Fact]
    public void What_is_loaded_is_told()
    {
        var loaded = LibTorch.Loaded;
        Assert.NotNull(loaded);
        Assert.True(Path.IsPathFullyQualified(loaded.Folder));
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.GetEnvironmentVariable(LibTorch.FolderVariable) is null, "needs Linux and the packaged libtorch");
        Assert.Equal(new LibTorchInfo(Path.Combine(AppContext.BaseDirectory, "libtorch"), LibTorch.ExpectedVersion, false, LibTorchOrigin.Packaged), loaded);
    }

    [Fact]
    public void Libtorch_s_variables_are_set_where_the_user_has_not()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: only there they are set");
        Assert.Equal(Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") ?? "PASSIVE", Native("OMP_WAIT_POLICY"));
        var policy = Environment.GetEnvironmentVariable("OMP_WAIT_POLICY");
        Assert.Equal(Environment.GetEnvironmentVariable("GOMP_SPINCOUNT") ?? (policy is null ? "1000" : null), Native("GOMP_SPINCOUNT"));
        Assert.Equal(Environment.GetEnvironmentVariable("TORCH_CUDNN_SDPA_DEPRIORITIZED") ?? "1", Native("TORCH_CUDNN_SDPA_DEPRIORITIZED"));
        var older = Environment.GetEnvironmentVariable("PYTORCH_CUDA_ALLOC_CONF") ?? Environment.GetEnvironmentVariable("PYTORCH_HIP_ALLOC_CONF");
        Assert.Equal(Environment.GetEnvironmentVariable("PYTORCH_ALLOC_CONF") ?? (older is null ? "expandable_segments:True" : null), Native("PYTORCH_ALLOC_CONF"));
    }

    /// <summary>What native code reads; .NET has a copy of its own.</summary>
    private static string? Native(string name) => Marshal.PtrToStringUTF8(getenv(name));

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint getenv(string name);
}
