namespace Flip.Data.Images;

/// <summary>For each output pixel of one direction, the first source pixel it takes and the weights of that one and the following.</summary>
/// <param name="Taps">Weights K of each output pixel.</param>
/// <param name="Starts">First source pixel, <c>[window]</c>.</param>
/// <param name="Weights">Weights that add up to 1, <c>[window, K]</c>; some are 0.</param>
internal sealed record KernelTable(int Taps, int[] Starts, double[] Weights)
{
    // TensorFlow looks its cubic up at 1024 positions between two pixels.
    private const int TfTableSize = 1024;

    /// <summary>One past the last source pixel that has a weight.</summary>
    public int End(ResampleAxis axis) => Math.Min(Starts.Max() + Taps, axis.End);

    /// <summary>The table of a kernel. Where <paramref name="tapMultiple"/> is above 1, the last weight may lie behind the span; it is 0.</summary>
    /// <param name="kernel">The kernel.</param>
    /// <param name="axis">What becomes what.</param>
    /// <param name="tapMultiple">K is a multiple of it.</param>
    /// <param name="mirror">Output pixels in reversed order.</param>
    public static KernelTable Create(ResampleKernel kernel, ResampleAxis axis, int tapMultiple = 1, bool mirror = false)
    {
        var scale = axis.Length / axis.Output;
        var antialias = kernel is ResampleKernel.Antialias or ResampleKernel.AntialiasBilinear;
        var radius = kernel == ResampleKernel.AntialiasBilinear ? 1 : 2; // how far the kernel reaches where nothing shrinks
        var reach = antialias ? radius * Math.Max(scale, 1) : radius;
        var taps = Math.Min((int)Math.Ceiling(2 * reach), axis.End - axis.First);
        taps = (taps + tapMultiple - 1) / tapMultiple * tapMultiple;
        var table = new KernelTable(taps, new int[axis.Window], new double[axis.Window * taps]);
        for (var i = 0; i < axis.Window; i++)
        {
            var position = axis.WindowStart + (mirror ? axis.Window - 1 - i : i);
            if (antialias)
            {
                table.SetAntialias(i, position, axis, scale, radius);
            }
            else
            {
                table.SetTensorFlow(i, position, axis, kernel == ResampleKernel.TfHalfPixel);
            }
        }

        return table;
    }

    /// <summary>As Pillow's <c>precompute_coeffs</c>, number for number.</summary>
    private void SetAntialias(int row, int position, ResampleAxis axis, double scale, int radius)
    {
        var widening = Math.Max(scale, 1);
        var center = axis.Start - axis.First + ((position + 0.5) * scale);
        var first = Math.Max(0, (int)(center - (radius * widening) + 0.5));
        var weights = Place(row, first, axis, out var start);

        // The second bound is reached by a rounding error alone, where the kernel is 0.
        var end = Math.Min(Math.Min(axis.End - axis.First, (int)(center + (radius * widening) + 0.5)), start + Taps);
        var sum = 0.0;
        for (var i = first; i < end; i++)
        {
            var x = (i - center + 0.5) * (1 / widening);
            sum += weights[i - start] = radius == 1 ? Math.Max(0, 1 - Math.Abs(x)) : Cubic(x, -0.5);
        }

        for (var i = first; i < end; i++)
        {
            weights[i - start] /= sum;
        }
    }

    /// <summary>As TensorFlow's <c>GetWeightsAndIndices</c>: single-precision positions, weights from a table of 1024 steps.</summary>
    private void SetTensorFlow(int row, int position, ResampleAxis axis, bool halfPixel)
    {
        var length = axis.End - axis.First;
        var scale = (float)length / axis.Output;
        var source = halfPixel ? ((position + 0.5f) * scale) - 0.5f : position * scale;
        var first = (int)MathF.Floor(source) - 1;
        var offset = Math.Round((source - MathF.Floor(source)) * (double)TfTableSize) / TfTableSize;
        var weights = Place(row, Math.Max(first, 0), axis, out var start);
        var sum = 0.0;
        for (var i = 0; i < 4; i++)
        {
            var inside = Math.Clamp(first + i, 0, length - 1);
            var weight = Cubic(i - 1 - offset, halfPixel ? -0.5 : -0.75);

            // TF2 leaves out what lies outside the image, TF1 repeats the edge.
            if (inside == first + i || !halfPixel)
            {
                weights[inside - start] += weight;
                sum += weight;
            }
        }

        for (var i = 0; i < weights.Length; i++)
        {
            weights[i] /= sum;
        }
    }

    /// <summary>Sets a row's start so that all K weights lie inside the span where it is long enough.</summary>
    private Span<double> Place(int row, int first, ResampleAxis axis, out int start)
    {
        start = Math.Clamp(first, 0, Math.Max(0, axis.End - axis.First - Taps));
        Starts[row] = axis.First + start;
        return Weights.AsSpan(row * Taps, Taps);
    }

    private static double Cubic(double x, double a)
    {
        x = Math.Abs(x);
        return x < 1 ? ((((a + 2) * x) - (a + 3)) * x * x) + 1
            : x < 2 ? (((((x - 5) * x) + 8) * x) - 4) * a
            : 0;
    }
}
