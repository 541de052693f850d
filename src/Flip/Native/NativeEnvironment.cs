using System.Runtime.InteropServices;

namespace Flip.Native;

/// <summary>Variables that native libraries read when they are loaded or first used. .NET's own changes of the environment do not reach them.</summary>
internal static partial class NativeEnvironment
{
    /// <summary>Sets what libtorch reads; what the user has set stays.</summary>
    public static void PrepareLibTorch()
    {
        // OpenMP threads that wait for each other spin by default. Beside decoding threads or other processes on the same cores they then
        // take the time of whoever they wait for: a training step became four times slower. Asleep at once, they wake for each operation, which
        // costs small models a third of a step. GNU's library turns a thousand times where it has more threads than processors; so do ours.
        if (!IsSet("OMP_WAIT_POLICY"))
        {
            Set("OMP_WAIT_POLICY", "PASSIVE");
            Set("GOMP_SPINCOUNT", "1000");
        }

        // Device memory in segments that grow: batches of many shapes leave no gaps. The older names win where the user has set them; libtorch warns of them.
        if (!IsSet("PYTORCH_CUDA_ALLOC_CONF") && !IsSet("PYTORCH_HIP_ALLOC_CONF"))
        {
            Set("PYTORCH_ALLOC_CONF", "expandable_segments:True");
        }

        // cuDNN's attention builds a plan for each shape, which takes seconds where texts and masks have many lengths.
        Set("TORCH_CUDNN_SDPA_DEPRIORITIZED", "1");
    }

    /// <summary>Sets the GPUs that CUDA shows to this process, before anything has asked it.</summary>
    public static void ShowDevices(string list) => _ = setenv("CUDA_VISIBLE_DEVICES", list, overwrite: 1);

    /// <summary>Lets this thread sleep for less than the millisecond that .NET's own sleep takes at least.</summary>
    public static void Sleep(TimeSpan time) => _ = usleep((uint)time.TotalMicroseconds);

    private static bool IsSet(string name) => Environment.GetEnvironmentVariable(name) is not null;

    private static void Set(string name, string value) => _ = setenv(name, value, overwrite: 0);

    [LibraryImport("libc")]
    private static partial int usleep(uint microseconds);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);
}
