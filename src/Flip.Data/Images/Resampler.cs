using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Flip.Data.Images;

/// <summary>
/// Bicubic and bilinear resizing, columns first, then rows. It is our own because no .NET library has the kernels of the reference
/// implementations: libvips differs from Pillow by up to 9 levels (and half a pixel when it enlarges), Skia does not antialias.
/// <see cref="ResampleKernel.Antialias"/> and <see cref="ResampleKernel.AntialiasBilinear"/> equal Pillow's 8-bit resize to the bit: weights of 22 bits, both passes rounded to 8.
/// </summary>
public static class Resampler
{
    // Pillow: 32 bits less 8 of the pixel less 2 of headroom for weights above 1 and below 0.
    private const int Precision = 32 - 8 - 2;
    private const int Half = 1 << (Precision - 1);

    /// <summary>A rectangle of an image as a square, by Pillow's kernel.</summary>
    /// <param name="image">The image.</param>
    /// <param name="crop">A rectangle inside it; no pixel outside has an influence.</param>
    /// <param name="size">Height and width S of the result.</param>
    /// <param name="mirror">Left and right change places.</param>
    /// <param name="destination">Receives red, green, blue, <c>[S, S, 3]</c>.</param>
    public static void Resize(DecodedImage image, CropBox crop, int size, bool mirror, Span<byte> destination)
    {
        CheckCrop(image, crop, size, destination.Length);
        Resize(
            image,
            ResampleAxis.Of(crop.Left, crop.Width, size),
            ResampleAxis.Of(crop.Top, crop.Height, size),
            mirror,
            destination);
    }

    /// <summary>A rectangle of an image as a square of unrounded, unclipped levels (0..255 and a little beyond), by any kernel.</summary>
    /// <param name="image">The image.</param>
    /// <param name="crop">A rectangle inside it; no pixel outside has an influence.</param>
    /// <param name="size">Height and width S of the result.</param>
    /// <param name="kernel">The kernel.</param>
    /// <param name="destination">Receives red, green, blue, <c>[S, S, 3]</c>.</param>
    public static void Resize(DecodedImage image, CropBox crop, int size, ResampleKernel kernel, Span<float> destination)
    {
        CheckCrop(image, crop, size, destination.Length);
        var columns = KernelTable.Create(kernel, ResampleAxis.Of(crop.Left, crop.Width, size));
        var rows = KernelTable.Create(kernel, ResampleAxis.Of(crop.Top, crop.Height, size));
        var pixels = image.Pixels;
        var narrow = new double[crop.Height * size * 3];
        for (var y = 0; y < crop.Height; y++)
        {
            for (var i = 0; i < size * columns.Taps; i++)
            {
                var x = i / columns.Taps;
                var source = (((crop.Top + y) * image.Width) + columns.Starts[x] + (i % columns.Taps)) * DecodedImage.PixelBytes;
                for (var c = 0; c < 3; c++)
                {
                    narrow[(((y * size) + x) * 3) + c] += columns.Weights[i] * pixels[source + c];
                }
            }
        }

        for (var i = 0; i < destination.Length; i++)
        {
            var (y, column) = Math.DivRem(i, size * 3);
            var sum = 0.0;
            for (var t = 0; t < rows.Taps; t++)
            {
                sum += rows.Weights[(y * rows.Taps) + t] * narrow[((rows.Starts[y] - crop.Top + t) * size * 3) + column];
            }

            destination[i] = (float)sum;
        }
    }

    /// <summary>A window of the image resized by one of Pillow's kernels. Only source rows that the window needs are read.</summary>
    internal static void Resize(
        DecodedImage image,
        ResampleAxis columns,
        ResampleAxis rows,
        bool mirror,
        Span<byte> destination,
        ResampleKernel kernel = ResampleKernel.Antialias)
    {
        CheckLength(columns.Window, rows.Window, destination.Length);

        // The columns' loop takes two pixels at a time.
        var columnTable = KernelTable.Create(kernel, columns, tapMultiple: 2, mirror);
        var rowTable = KernelTable.Create(kernel, rows);
        var top = rowTable.Starts.Min();
        var height = rowTable.End(rows) - top;
        var stride = columns.Window * 3;

        // A pixel of three bytes is written as four, and the vertical loop reads whole vectors.
        var narrow = ArrayPool<byte>.Shared.Rent((height * stride) + Vector256<byte>.Count);
        var columnWeights = ArrayPool<int>.Shared.Rent(columnTable.Weights.Length * DecodedImage.PixelBytes);
        var rowWeights = ArrayPool<int>.Shared.Rent(rowTable.Weights.Length);
        try
        {
            // In the columns' loop a weight meets every byte of a pixel.
            ToFixedPoint(columnTable.Weights, DecodedImage.PixelBytes, columnWeights);
            ToFixedPoint(rowTable.Weights, 1, rowWeights);
            ResizeColumns(image, top, height, columnTable, columnWeights, narrow);
            ResizeRows(narrow, stride, top, rowTable, rowWeights, destination);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(narrow);
            ArrayPool<int>.Shared.Return(columnWeights);
            ArrayPool<int>.Shared.Return(rowWeights);
        }
    }

    private static void ResizeColumns(DecodedImage image, int top, int height, KernelTable table, int[] weights, Span<byte> narrow)
    {
        ref var weight = ref MemoryMarshal.GetArrayDataReference(weights);
        var starts = table.Starts;
        var taps = table.Taps;
        var pixels = image.WithSlack;
        for (var y = 0; y < height; y++)
        {
            ref var row = ref pixels[(top + y) * image.Width * DecodedImage.PixelBytes];
            ref var target = ref narrow[y * starts.Length * 3];
            for (var x = 0; x < starts.Length; x++)
            {
                ref var source = ref Unsafe.Add(ref row, starts[x] * DecodedImage.PixelBytes);
                ref var w = ref Unsafe.Add(ref weight, x * taps * DecodedImage.PixelBytes);
                var sum = Vector256.Create(Vector128.Create(Half), Vector128<int>.Zero);
                for (var t = 0; t < taps; t += 2)
                {
                    var two = Vector128.CreateScalar(Unsafe.ReadUnaligned<ulong>(
                        ref Unsafe.Add(ref source, t * DecodedImage.PixelBytes))).AsByte();
                    sum += Widen(two) * Vector256.LoadUnsafe(ref w, (nuint)(t * DecodedImage.PixelBytes));
                }

                var pixel = ToBytes(sum.GetLower() + sum.GetUpper());
                Unsafe.WriteUnaligned(ref Unsafe.Add(ref target, x * 3), pixel);
            }
        }
    }

    private static void ResizeRows(
        ReadOnlySpan<byte> narrow, int stride, int top, KernelTable table, int[] weights, Span<byte> destination)
    {
        for (var y = 0; y < table.Starts.Length; y++)
        {
            var source = narrow[((table.Starts[y] - top) * stride)..];
            var row = destination.Slice(y * stride, stride);
            var w = weights.AsSpan(y * table.Taps, table.Taps);
            var x = 0;
            for (; x <= stride - Vector128<byte>.Count; x += Vector128<byte>.Count)
            {
                SumColumns(source[x..], stride, w).CopyTo(row[x..]);
            }

            for (; x < stride; x++)
            {
                var sum = Half;
                for (var t = 0; t < w.Length; t++)
                {
                    sum += w[t] * source[(t * stride) + x];
                }

                row[x] = (byte)Math.Clamp(sum >> Precision, 0, 255);
            }
        }
    }

    /// <summary>Sixteen neighbouring bytes of an output row.</summary>
    private static Vector128<byte> SumColumns(ReadOnlySpan<byte> source, int stride, ReadOnlySpan<int> weights)
    {
        var low = Vector256.Create(Half);
        var high = low;
        ref var first = ref MemoryMarshal.GetReference(source);
        for (var t = 0; t < weights.Length; t++)
        {
            var bytes = Vector128.LoadUnsafe(ref first, (nuint)(t * stride));
            var weight = Vector256.Create(weights[t]);
            low += Widen(bytes) * weight;
            high += Widen(Vector128.Shuffle(bytes.AsUInt64(), Vector128.Create(1UL, 0)).AsByte()) * weight;
        }

        var (min, max) = (Vector256<int>.Zero, Vector256.Create(255));
        var words = Vector256.Narrow(
            Vector256.Clamp(low >> Precision, min, max).AsUInt32(),
            Vector256.Clamp(high >> Precision, min, max).AsUInt32());
        return Vector128.Narrow(words.GetLower(), words.GetUpper());
    }

    /// <summary>The lower eight bytes as integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Widen(Vector128<byte> bytes) =>
        Vector256.WidenLower(Vector128.WidenLower(bytes).ToVector256Unsafe()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint ToBytes(Vector128<int> sums)
    {
        var levels = Vector128.Clamp(sums >> Precision, Vector128<int>.Zero, Vector128.Create(255)).AsUInt32();
        var words = Vector128.Narrow(levels, levels);
        return Vector128.Narrow(words, words).AsUInt32().ToScalar();
    }

    /// <summary>Each weight as a whole number, several times in a row.</summary>
    private static void ToFixedPoint(double[] weights, int repeats, Span<int> destination)
    {
        for (var i = 0; i < weights.Length; i++)
        {
            var weight = weights[i];
            destination.Slice(i * repeats, repeats).Fill((int)((weight * (1 << Precision)) + (weight < 0 ? -0.5 : 0.5)));
        }
    }

    private static void CheckCrop(DecodedImage image, CropBox crop, int size, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        if (crop.Left < 0 || crop.Top < 0 || crop.Width < 1 || crop.Height < 1
            || crop.Left > image.Width - crop.Width || crop.Top > image.Height - crop.Height)
        {
            throw new ArgumentOutOfRangeException(nameof(crop), crop, $"not inside the image of {image.Width}x{image.Height} pixels");
        }

        CheckLength(size, size, length);
    }

    private static void CheckLength(int width, int height, int length)
    {
        if (length != width * height * 3)
        {
            throw new ArgumentException($"An image of {width}x{height} pixels takes {width * height * 3} values, not {length}.");
        }
    }
}
