using System.Runtime.CompilerServices;

namespace Flip.Conversion.Onnx;

/// <summary>Pixels as an export takes them.</summary>
internal sealed class OnnxPixels
{
    private const int Channels = 3;
    private const int Levels = 256;
    private readonly float[] _red;
    private readonly float[] _green;
    private readonly float[] _blue;

    /// <param name="mean">Of pixels in [0, 1], by channel.</param>
    /// <param name="deviation">Their standard deviation.</param>
    public OnnxPixels(float[] mean, float[] deviation)
    {
        float[] OfChannel(int channel) => [.. Enumerable.Range(0, Levels).Select(level => ((level / 255f) - mean[channel]) / deviation[channel])];
        (_red, _green, _blue) = (OfChannel(0), OfChannel(1), OfChannel(2));
    }

    /// <summary>Channels first: <c>[images, 3, S, S]</c>.</summary>
    /// <param name="pixels">RGB 0..255, <c>[images, S, S, 3]</c>.</param>
    /// <param name="images">Their number.</param>
    public float[] Normalized(ReadOnlySpan<byte> pixels, int images)
    {
        var values = new float[pixels.Length];
        Normalize(pixels, images, values);
        return values;
    }

    /// <inheritdoc cref="Normalized"/>
    /// <param name="pixels">RGB 0..255, <c>[images, S, S, 3]</c>.</param>
    /// <param name="images">Their number.</param>
    /// <param name="values">Receives them.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // a batch is one long call: no time for tiers
    public void Normalize(ReadOnlySpan<byte> pixels, int images, Span<float> values)
    {
        var plane = pixels.Length / images / Channels;
        for (var image = 0; image < images; image++)
        {
            var from = pixels.Slice(image * Channels * plane, Channels * plane);
            var to = values.Slice(image * Channels * plane, Channels * plane);
            var red = to[..plane];
            var green = to.Slice(plane, plane);
            var blue = to.Slice(2 * plane, plane);
            for (var i = 0; i < red.Length; i++)
            {
                var pixel = from.Slice(i * Channels, Channels);
                red[i] = _red[pixel[0]];
                green[i] = _green[pixel[1]];
                blue[i] = _blue[pixel[2]];
            }
        }
    }
}
