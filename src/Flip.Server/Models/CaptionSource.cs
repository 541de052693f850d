using Flip.Config;
using Flip.Serving;
using Flip.Tasks.Captioning;

namespace Flip.Server.Models;

/// <summary>A captioner, which chooses as <c>flip caption run</c> does where nothing else is said.</summary>
internal sealed class CaptionSource(LoadedCaptioner loaded) : ICaptionSource
{
    private static readonly DecodingConfig Decoding = new();

    private readonly CaptionWriter _writer = new(loaded, Decoding);

    public int MostCaptions => Decoding.Beams;

    public IReadOnlyList<IReadOnlyList<ServedCaption>> Write(ReadOnlyMemory<byte> pixels, int count, CancellationToken cancellation) =>
        [.. _writer.Write(pixels, count, cancellation).Select(of => of.Select(one => new ServedCaption(one.Text, one.LogProbability)).ToList())];
}
