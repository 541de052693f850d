using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Flip.Native;
using Flip.Tests;

namespace Flip.SlowTests.Native;

/// <summary>The driver's calls against a library in C that checks their arguments; in a process of its own, which finds it as it would the driver's.</summary>
public sealed class CudaDriverTests : IDisposable
{
    private const string AnswerVariable = "FLIP_TEST_ANSWER";

    private readonly TemporaryFolder _folder = new();

    private static string Source => File.ReadAllText(SharedData.Test("Flip.SlowTests/Native/fake-cuda.c"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Devices_and_their_memory_are_told()
    {
        var answer = Ask(Source);
        Assert.Equal("12.8", (string?)answer["version"]);
        Assert.Null(answer["problem"]);
        Assert.Equal(
            ["0, Fake GPU 0, 85899345960, 9.0, 132, 1980000", "1, Fake GPU 1, 85899345961, 9.1, 132, 1980000"],
            answer["devices"]!.AsArray().Select(device => (string?)device));
        Assert.Equal(["70000000000 of 85000000000", "70000000001 of 85000000000"], answer["memory"]!.AsArray().Select(memory => (string?)memory));
        Assert.Equal(0, (int?)answer["held"]);
    }

    [Theory]
    [InlineData("cuInit=100", "NVIDIA's driver: cuInit failed with code 100 (CUDA_ERROR_NO_DEVICE).")]
    [InlineData("cuDeviceGetAttribute=799", "NVIDIA's driver: cuDeviceGetAttribute failed with code 799 (a code without a name).")]
    public void A_driver_that_refuses_has_no_devices(string failure, string problem)
    {
        var answer = Ask(Source, failure);
        Assert.Equal(problem, (string?)answer["problem"]);
        Assert.Empty(answer["devices"]!.AsArray());
    }

    [Theory]
    [InlineData("cuDevicePrimaryCtxRetain")]
    [InlineData("cuCtxPushCurrent_v2")]
    [InlineData("cuMemGetInfo_v2")]
    public void A_refused_question_about_memory_names_the_call_and_holds_nothing(string call)
    {
        var answer = Ask(Source, $"{call}=2");
        Assert.Null(answer["problem"]);
        Assert.All(answer["memory"]!.AsArray(), memory => Assert.Equal($"NVIDIA's driver: {call} failed with code 2 (CUDA_ERROR_OUT_OF_MEMORY).", (string?)memory));
        Assert.Equal(0, (int?)answer["held"]);
    }

    [Fact]
    public void A_driver_without_a_function_is_too_old()
    {
        var problem = (string?)Ask(Source.Replace("cuMemGetInfo_v2", "cuMemGetInfo", StringComparison.Ordinal))["problem"];
        Assert.StartsWith("The NVIDIA driver's libcuda.so.1 is too old: ", problem, StringComparison.Ordinal);
        Assert.Contains("cuMemGetInfo_v2", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("\n", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_driver_is_none()
    {
        File.WriteAllText(_folder.File("libcuda.so.1"), "no library");
        var answer = Ask(null);
        Assert.SkipWhen(answer["devices"]!.AsArray().Count > 0, "needs a machine without NVIDIA's driver");
        Assert.Equal("There is no NVIDIA driver: libcuda.so.1 cannot be loaded.", (string?)answer["problem"]);
        Assert.Null(answer["version"]);
    }

    /// <summary>With this machine's driver; and in the other processes of these tests, which write down what they are told.</summary>
    [Fact]
    public void There_are_devices_or_a_problem()
    {
        Assert.Equal(CudaDriver.Devices.Count == 0, CudaDriver.Problem is not null);
        Assert.Throws<ArgumentOutOfRangeException>(() => CudaDriver.Memory(CudaDriver.Devices.Count));
        if (Environment.GetEnvironmentVariable(AnswerVariable) is { } answer)
        {
            File.WriteAllText(answer, Answer().ToJsonString());
        }
    }

    private static JsonObject Answer()
    {
        var memory = CudaDriver.Devices.Select(device =>
        {
            try
            {
                var (free, total) = CudaDriver.Memory(device.Index);
                return FormattableString.Invariant($"{free} of {total}");
            }
            catch (CudaDriverException e)
            {
                return e.Message;
            }
        });
        return new JsonObject
        {
            ["version"] = CudaDriver.Version?.ToString(),
            ["problem"] = CudaDriver.Problem,
            ["devices"] = new JsonArray([.. CudaDriver.Devices.Select(d => JsonValue.Create(
                FormattableString.Invariant($"{d.Index}, {d.Name}, {d.TotalBytes}, {d.ComputeCapability}, {d.Multiprocessors}, {d.ClockKilohertz}")))]),
            ["memory"] = new JsonArray([.. memory.Select(text => JsonValue.Create(text))]),
            ["held"] = Held(),
        };
    }

    private static unsafe int Held() =>
        NativeLibrary.TryLoad("libcuda.so.1", out var library) && NativeLibrary.TryGetExport(library, "fakeHeld", out var held)
            ? ((delegate* unmanaged<int>)held)()
            : 0;

    private JsonNode Ask(string? source, string failure = "")
    {
        if (source is not null)
        {
            CLibrary.Make(_folder.File("libcuda.so.1"), source);
        }

        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: LD_LIBRARY_PATH says where the library is");
        var start = new ProcessStartInfo(
            Path.ChangeExtension(typeof(CudaDriverTests).Assembly.Location, null), ["-method", $"{typeof(CudaDriverTests).FullName}.{nameof(There_are_devices_or_a_problem)}"])
        {
            RedirectStandardOutput = true,
            Environment = { ["LD_LIBRARY_PATH"] = _folder.Path, ["FAKE_CUDA"] = failure, [AnswerVariable] = _folder.File("answer.json") },
        };
        using var child = Process.Start(start)!;
        var words = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        Assert.True(child.ExitCode == 0, words);
        return _folder.Json("answer.json");
    }
}
