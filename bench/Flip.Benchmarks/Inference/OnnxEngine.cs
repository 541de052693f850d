using Microsoft.ML.OnnxRuntime;

namespace Flip.Benchmarks.Inference;

/// <summary>An export in ONNX Runtime with its defaults. It gets normalised floats, which are made before the clock runs.</summary>
internal sealed class OnnxEngine : IImageEngine
{
    private readonly SessionOptions _options;
    private readonly InferenceSession _session;
    private readonly RunOptions _run = new();
    private OrtValue? _input;

    public OnnxEngine(string path, string name, int threads)
    {
        _options = new SessionOptions { IntraOpNumThreads = threads };
        _session = new InferenceSession(path, _options);
        Name = name;
    }

    public string Name { get; }

    public void Prepare(byte[] pixels, int count)
    {
        _input?.Dispose();
        var side = (int)Math.Sqrt(pixels.Length / (3.0 * count));
        _input = OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(pixels, pixel => (pixel - 127.5f) / 64), [count, 3, side, side]); // noise: any order of channels does
    }

    public void Run()
    {
        using var results = _session.Run(_run, [_session.InputNames[0]], [_input!], _session.OutputNames);
    }

    public void Dispose()
    {
        _input?.Dispose();
        _run.Dispose();
        _session.Dispose();
        _options.Dispose();
    }
}
