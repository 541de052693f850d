using System.Text.Json;
using Flip.Collectives;
using Flip.Config;
using Flip.Data.Loading;
using Flip.Decoding;
using Flip.Devices;
using static TorchSharp.torch;

namespace Flip.Tasks.Captioning;

/// <summary>A caption that was written.</summary>
/// <param name="Text">Its words.</param>
/// <param name="LogProbability">Natural logarithm of its probability: the sum over its tokens.</param>
/// <param name="Score">What it was ranked by.</param>
public sealed record WrittenCaption(string Text, double LogProbability, double Score);

/// <summary>Writes captions of images.</summary>
/// <param name="loaded">The captioner; not owned.</param>
/// <param name="options">How captions are chosen.</param>
public sealed class CaptionWriter(LoadedCaptioner loaded, DecodingConfig options)
{
    private readonly BeamSearch _search = new(options, loaded.Tokenizer.BeginId, loaded.Tokenizer.EndId, loaded.Captioner.Head.Length);

    /// <summary>Captions of all images of a source, in their order. Ranks share the images, and all get the captions.</summary>
    /// <param name="images">Reads the images at the model's size.</param>
    /// <param name="batchSize">Images at a time.</param>
    /// <param name="progress">Receives the number of images done; may be null.</param>
    /// <param name="ranks">Who shares the images; null for this process alone.</param>
    /// <param name="cancellation">Stops between two tokens.</param>
    /// <returns>Of each image that can be read its captions, the best first; as many as were finished, at least one.</returns>
    public IEnumerable<IReadOnlyList<WrittenCaption>> Write(
        ImageLoader images, int batchSize, Action<long>? progress = null, ICommunicator? ranks = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        var done = 0;
        var batches = SharedBatches.Read(
            ranks ?? OneProcess.Instance,
            turn => images.Read(batchSize, 0, turn, cancellation).Select(batch => Write(batch.Present, batch.Size, cancellation)),
            batch => JsonSerializer.SerializeToUtf8Bytes(batch),
            bytes => JsonSerializer.Deserialize<IReadOnlyList<IReadOnlyList<WrittenCaption>>>(bytes.Span)!,
            cancellation);
        foreach (var batch in batches)
        {
            done += batch.Count;
            progress?.Invoke(done);
            foreach (var captions in batch)
            {
                yield return captions;
            }
        }
    }

    /// <summary>Captions of some images.</summary>
    /// <param name="pixels">RGB 0..255, <c>[count, S, S, 3]</c>.</param>
    /// <param name="count">Number of images.</param>
    /// <param name="cancellation">Stops between two tokens.</param>
    public IReadOnlyList<IReadOnlyList<WrittenCaption>> Write(ReadOnlyMemory<byte> pixels, int count, CancellationToken cancellation = default)
    {
        if (count == 0)
        {
            return [];
        }

        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (captioner, size) = (loaded.Captioner, loaded.Captioner.Config.Image.ImageSize);
        var device = captioner.Parameters.Device;
        var images = DeviceTraffic.Send<byte>(pixels.Span, device, count, size, size, 3);
        using var decoding = new CaptionDecoding(captioner, captioner.Encode(captioner.TowerTokens(images)));
        return [.. _search.Run(decoding, count, device, cancellation).Select(found => found
            .Select(one => new WrittenCaption(loaded.Tokenizer.Decode(one.Tokens), one.LogProbability, one.Score))
            .ToList())];
    }
}
