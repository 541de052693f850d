using Microsoft.ML.OnnxRuntime;

namespace Flip.Tests.Conversion.Onnx;

/// <summary>A file in ONNX Runtime.</summary>
internal sealed class OnnxSession : IDisposable
{
    private readonly SessionOptions _options = new() { IntraOpNumThreads = 1 };

    public OnnxSession(string path) => Session = new InferenceSession(path, _options);

    public InferenceSession Session { get; }

    /// <summary>All outputs by name.</summary>
    public Dictionary<string, float[]> Run(params (string Name, Array Values, long[] Shape)[] inputs)
    {
        var values = inputs.ToDictionary(input => input.Name, input => input.Values is float[] numbers
            ? OrtValue.CreateTensorValueFromMemory(numbers, input.Shape)
            : OrtValue.CreateTensorValueFromMemory((long[])input.Values, input.Shape));
        try
        {
            using var options = new RunOptions();
            using var results = Session.Run(options, values, Session.OutputNames);
            return Session.OutputNames.Zip(results)
                .ToDictionary(pair => pair.First, pair => pair.Second.GetTensorDataAsSpan<float>().ToArray());
        }
        finally
        {
            Array.ForEach([.. values.Values], value => value.Dispose());
        }
    }

    public void Dispose()
    {
        Session.Dispose();
        _options.Dispose();
    }
}
