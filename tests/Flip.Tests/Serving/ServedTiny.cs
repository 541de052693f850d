using Flip.Config;
using Flip.Conversion;
using Flip.Data.Images;
using Flip.Serving;
using Flip.Tests.Cli;
using Flip.Tests.Data.Images;
using Flip.Tests.Training;
using SkiaSharp;

namespace Flip.Tests.Serving;

/// <summary>Small models to serve, and images to ask them about.</summary>
internal static class ServedTiny
{
    public const string Name = "tiny";

    /// <summary>Both towers of the tiny model, which computes four items at a time.</summary>
    public static ServedModel Towers(long seed = 3)
    {
        using var folder = new TemporaryFolder();
        TinyModel.Save(folder.Path, seed);
        return ServedModel.Of(ModelSource.Load(folder.Path, config => config with { Eval = config.Eval with { BatchSize = 4 } }), Name);
    }

    /// <summary>A model of one part that a test holds in its hand.</summary>
    public static ServedModel Of(IClassScorer scorer) => new(Name, TinyRun.Config, BatchSize: 4) { Classifier = scorer };

    /// <summary>Images of several sizes, each another.</summary>
    public static IReadOnlyList<ReadOnlyMemory<byte>> Images(int count) =>
        [.. Enumerable.Range(0, count).Select(i => (ReadOnlyMemory<byte>)TestImages.Encode(20 + i, 18 + (i % 3), i % 2 == 0 ? SKEncodedImageFormat.Png : SKEncodedImageFormat.Jpeg))];

    /// <summary>What a model sees of images, side by side.</summary>
    public static byte[] Pixels(FlipConfig config, IReadOnlyList<ReadOnlyMemory<byte>> images)
    {
        var transform = EvaluationTransform.Of(config);
        var length = transform.Size * transform.Size * 3;
        var pixels = new byte[images.Count * length];
        for (var i = 0; i < images.Count; i++)
        {
            transform.Apply(images[i].Span, pixels.AsSpan(i * length, length));
        }

        return pixels;
    }

    public static IReadOnlyList<string> Texts(int count) => [.. Enumerable.Range(0, count).Select(i => $"a {(i % 2 == 0 ? "red" : "blue")} dog {new string('s', i % 5)} {i}")];
}
