using Flip.Devices;
using Flip.Models;
using static TorchSharp.torch;

namespace Flip.Tests.Evaluation;

/// <summary>Embeds an image by its first byte and a text by its words, both looked up: every score is known beforehand.</summary>
internal sealed class TableEncoder(WordTokenizer tokenizer, int embedDim, Func<byte, float[]> image, Func<string, float[]> text)
    : IDualEncoder
{
    public int ImageSize => 2;

    public int TextLength => 3;

    public int EmbedDim => embedDim;

    /// <summary>Sizes of the batches that were asked for.</summary>
    public List<int> TextBatches { get; } = [];

    /// <summary>Batches of images as a loader gives them.</summary>
    public static IEnumerable<(ReadOnlyMemory<byte> Pixels, int Count)> Images(int batchSize, params byte[] firstBytes) =>
        firstBytes.Chunk(batchSize).Select(chunk =>
        {
            var pixels = new byte[chunk.Length * 12];
            for (var i = 0; i < chunk.Length; i++)
            {
                pixels[i * 12] = chunk[i];
            }

            return ((ReadOnlyMemory<byte>)pixels, chunk.Length);
        });

    public PendingResult SubmitImages(ReadOnlyMemory<byte> pixels, int count) =>
        Pending([.. Enumerable.Range(0, count).SelectMany(i => image(pixels.Span[i * 12]))]);

    public PendingResult SubmitTexts(ReadOnlyMemory<int> tokens, ReadOnlyMemory<int> lengths, int count)
    {
        TextBatches.Add(count);
        Assert.All(lengths.ToArray(), length => Assert.Equal(1, length));
        return Pending([.. Enumerable.Range(0, count).SelectMany(i => text(tokenizer.Decode([tokens.Span[i * TextLength]])))]);
    }

    private static PendingResult Pending(float[] numbers)
    {
        using var result = tensor(numbers);
        return DeviceTraffic.StartRead(result);
    }
}
