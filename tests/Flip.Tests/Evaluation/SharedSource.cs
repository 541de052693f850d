using System.Collections.Concurrent;
using CommunityToolkit.HighPerformance.Buffers;
using Flip.Config;
using Flip.Data;
using Flip.Data.Files;
using Flip.Data.Images;
using Flip.Data.Layouts;
using Flip.Data.Loading;
using Flip.Evaluation.Embedding;
using Flip.Models;
using Flip.Storage;

namespace Flip.Tests.Evaluation;

/// <summary>What one rank has of the work: a model of its own, and a source that knows which of its images were opened.</summary>
internal sealed class SharedSource : IDisposable
{
    public const int BatchSize = 3;

    private readonly LoadedModel _loaded;
    private readonly Counted _images;

    /// <summary>Opens model and images.</summary>
    /// <param name="model">Folder of the model.</param>
    /// <param name="images">Folder of the images.</param>
    public SharedSource(string model, string images)
    {
        _loaded = ModelFolder.Load(model);
        _images = new Counted(ImageSources.Open(images));
    }

    /// <summary>Images that were opened, in ascending order.</summary>
    public int[] Opened => [.. _images.Opened.Order()];

    public ImageItems Images(InferenceMask mask = InferenceMask.None, bool allowMissing = false, int batchSize = BatchSize) => new(
        new ImageLoader(_images, new EvaluationTransform(EvalTransform.Flip, 16), 2, allowMissing),
        seen => new InferenceEncoder(_loaded.Model, mask, 0.5, 1, seen),
        batchSize,
        mask != InferenceMask.None);

    public TextItems Texts(int count)
    {
        using var lines = new StringReader(string.Join('\n', Enumerable.Range(0, count).Select(i => $"dog {i}")));
        return new TextItems(TextLines.OfReader(lines, "texts"), new InferenceEncoder(_loaded.Model), _loaded.Tokenizer, BatchSize);
    }

    public void Dispose() => _loaded.Dispose();

    private sealed class Counted(IImageSource images) : IImageSource
    {
        public ConcurrentBag<int> Opened { get; } = [];

        public int Count => images.Count;

        public string Fingerprint(ContentHashes? hashes = null, CancellationToken cancellation = default) => images.Fingerprint(hashes, cancellation);

        public IEnumerable<string> Keys(int first = 0) => images.Keys(first);

        public string Describe(int image) => images.Describe(image);

        public IImageReader Open() => new Reader(images.Open(), Opened);

        private sealed class Reader(IImageReader files, ConcurrentBag<int> opened) : IImageReader
        {
            public MemoryOwner<byte> Read(int image)
            {
                opened.Add(image);
                return files.Read(image);
            }

            public void Dispose() => files.Dispose();
        }
    }
}
