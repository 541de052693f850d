using Microsoft.ML.OnnxRuntime;
using static TorchSharp.torch;

namespace Flip.Conversion.Onnx;

/// <summary>Sessions of ONNX Runtime beside libtorch.</summary>
internal static class OnnxSessions
{
    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="runsOften">Keeps a run's memory for the next one, and lets threads turn for a moment while they wait within a run, but not behind it.</param>
    /// <exception cref="OnnxRuntimeException">ONNX Runtime cannot read it.</exception>
    /// <remarks>
    /// A session's threads are its own, not OpenMP's, which libtorch's are. Where they turned while they wait, they would take processor
    /// time from libtorch. They are not bound to processors, which is the default unless their number is given.
    /// </remarks>
    public static InferenceSession Open(string path, bool runsOften)
    {
        OrtEnv.Instance().DisableTelemetryEvents(); // on Windows they are on by default
        using var options = new SessionOptions
        {
            IntraOpNumThreads = get_num_threads(),
            EnableCpuMemArena = runsOften,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, // failures arrive as exceptions
        };
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", runsOften ? "1" : "0");
        options.AddSessionConfigEntry("session.force_spinning_stop", "1");
        options.AddSessionConfigEntry("session.intra_op.spin_duration_us", "30"); // longer is no quicker, and takes from who shares the processors
        return new InferenceSession(path, options);
    }
}
