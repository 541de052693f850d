using System.Text.RegularExpressions;

namespace Flip.Tests.Devices;

/// <summary>
/// What passes between processor and device passes through Flip.Devices, where it is counted. A call of TorchSharp's own that waits for the device
/// looks like any other, so this looks for all of them in the rooms that compute.
/// </summary>
public sealed partial class HiddenWaitTests
{
    private static readonly string Root = Path.GetFullPath(SharedData.Test(".."));

    private static readonly string[] Rooms =
    [
        "src/Flip/Models", "src/Flip/Losses", "src/Flip/Optim", "src/Flip/Training", "src/Flip/Kernels", "src/Flip.Evaluation", "src/Flip.Tasks",
    ];

    /// <summary>Files that may, with the number of times and the reason.</summary>
    private static readonly Dictionary<string, (int Times, string Why)> Allowed = new()
    {
        ["src/Flip/Models/ImageTower.cs"] = (1, "the fixed table of positions, when a model is made"),
        ["src/Flip/Models/ReconstructionDecoder.cs"] = (1, "the fixed table of positions, when a model is made"),
        ["src/Flip/Models/Patches.cs"] = (3, "the normalisation's constants, when a model is made"),
        ["src/Flip.Tasks/Diagnostics/GoldenModel.cs"] = (3, "a check, not a step"),
        ["src/Flip.Tasks/Diagnostics/TwinChecks.cs"] = (3, "a check, not a step"),
        ["src/Flip.Evaluation/Probes/PrincipalAxes.cs"] = (1, "eigenvalues, which are found on the processor, once a probe"),
        ["src/Flip.Evaluation/Similarity.cs"] = (2, "fp64 products on the processor, whatever the model's device: a score is the same everywhere"),
        ["src/Flip.Evaluation/ZeroShot/ClassifierCache.cs"] = (1, "reads a file"),
    };

    [Fact]
    public void Nothing_waits_for_a_device_uncounted()
    {
        var found = Rooms
            .SelectMany(room => Directory.EnumerateFiles(Path.Combine(Root, room), "*.cs", SearchOption.AllDirectories))
            .Select(file => (Name: Path.GetRelativePath(Root, file).Replace(Path.DirectorySeparatorChar, '/'), Lines: File.ReadAllLines(file)))
            .Where(file => !file.Name.Split('/').Intersect(["obj", "bin"]).Any())
            .Select(file => (file.Name, Calls: file.Lines.SelectMany(line => Waiting().Matches(Comment().Replace(line, "")).Select(match => $"{match.Value} in: {line.Trim()}")).ToList()))
            .Where(file => file.Calls.Count > 0)
            .ToDictionary(file => file.Name, file => file.Calls, StringComparer.Ordinal);
        Assert.All(found, file => Assert.True(
            Allowed.TryGetValue(file.Key, out var allowed) && allowed.Times == file.Value.Count,
            $"{file.Key} waits for a device where nobody counts it; DeviceTraffic does the same: {string.Join("; ", file.Value)}"));
        Assert.Equal(Allowed.Keys.Order(StringComparer.Ordinal), found.Keys.Order(StringComparer.Ordinal));
    }

    /// <summary>The garbage collector may free the exponent while libtorch reads it: seen once in some thousand test runs.</summary>
    [Fact]
    public void Nothing_is_squared_with_a_number_that_nobody_holds()
    {
        var files = Directory.EnumerateFiles(Path.Combine(Root, "src"), "*.cs", SearchOption.AllDirectories).ToList();
        Assert.True(files.Count > 100);
        Assert.DoesNotContain(files, file => File.ReadAllText(file).Contains(".square(", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("var loss = sum.item<float>();")]
    [InlineData("return norm.ToDouble();")]
    [InlineData("var here = there.cpu();")]
    [InlineData("var table = tensor(values, device: device);")]
    [InlineData("var table = torch.tensor(values, new long[] { 2 }, device: device);")]
    [InlineData("var there = here.to(Parameters.Device);")]
    [InlineData("var there = here.to(ScalarType.Float32, weights.device);")]
    [InlineData("var here = there.to(CPU);")]
    [InlineData("var numbers = there.data<float>().ToArray();")]
    [InlineData("var some = mask.nonzero();")]
    public void These_are_such_calls(string line) => Assert.Matches(Waiting(), line);

    [Theory]
    [InlineData("var fp32 = x.to(ScalarType.Float32);")]
    [InlineData("var zero = zeros(3, device: device);")]
    [InlineData("var sent = DeviceTraffic.Send<float>(values, device, 3);")]
    [InlineData("var power = Vector512.ConvertToInt32(n);")]
    public void These_are_not(string line) => Assert.DoesNotMatch(Waiting(), line);

    [GeneratedRegex(@"\.item<|\.To(Double|Single|Half|Byte|Int16|Int32|Int64|Boolean)\(\)|\.cpu\(|\.cuda\(|cuda\.synchronize|\btensor\([^;]*?\bdevice:|\.to\(([^()]|\([^()]*\))*[dD]evice\b|\.to\(CPU|\.data<|\.nonzero\(|masked_select\(")]
    private static partial Regex Waiting();

    [GeneratedRegex(@"//.*$")]
    private static partial Regex Comment();
}
