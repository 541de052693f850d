using Flip.Config;
using Flip.Conversion;
using Flip.Models;
using Flip.Storage;
using TorchSharp;

namespace Flip.Benchmarks.Inference;

/// <summary>Flip's image tower, from bytes to embeddings.</summary>
internal sealed class FlipImageEngine : IImageEngine
{
    private readonly LoadedModel _loaded;
    private readonly IDualEncoder _encoder;
    private (byte[] Pixels, int Count) _batch;

    public FlipImageEngine(string folder, Precision precision, ImageRuntime runtime, int threads)
    {
        torch.set_num_threads(threads);
        _loaded = ModelSource.Load(folder, stored => stored with
        {
            Train = stored.Train with { Precision = precision, Threads = threads },
            Eval = stored.Eval with { Runtime = runtime },
        });
        _encoder = _loaded.Encoder;
        Name = $"Flip, {precision.ToString().ToLowerInvariant()}, {runtime.ToString().ToLowerInvariant()}";
    }

    public string Name { get; }

    public void Prepare(byte[] pixels, int count) => _batch = (pixels, count);

    public void Run() => _encoder.SubmitImages(_batch.Pixels, _batch.Count).Read();

    public void Dispose() => _loaded.Dispose();
}
