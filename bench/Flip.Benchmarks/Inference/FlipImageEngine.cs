using Flip.Config;
using Flip.Models;
using Flip.Storage;
using TorchSharp;

namespace Flip.Benchmarks.Inference;

/// <summary>Flip's image tower, from bytes to embeddings.</summary>
internal sealed class FlipImageEngine : IImageEngine
{
    private readonly LoadedModel _loaded;
    private readonly InferenceEncoder _encoder;
    private (byte[] Pixels, int Count) _batch;

    public FlipImageEngine(string folder, Precision precision, int threads)
    {
        torch.set_num_threads(threads);
        _loaded = ModelFolder.Load(folder, stored => stored with { Train = stored.Train with { Precision = precision, Threads = threads } });
        _encoder = new InferenceEncoder(_loaded.Model);
        Name = $"Flip, {precision.ToString().ToLowerInvariant()}";
    }

    public string Name { get; }

    public void Prepare(byte[] pixels, int count) => _batch = (pixels, count);

    public void Run() => _encoder.SubmitImages(_batch.Pixels, _batch.Count).Read();

    public void Dispose() => _loaded.Dispose();
}
