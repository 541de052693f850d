using System.Runtime.InteropServices;
using Flip.Data;
using Flip.Data.Images;
using Flip.Data.Loading;
using Flip.Devices;
using Flip.Progress;
using Microsoft.Win32.SafeHandles;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tasks.ImageTasks;

/// <summary>
/// What a tower that does not learn makes of the training images, computed once: a file with the tokens of each image at its number. They are computed in the order of the
/// numbers in batches of one size, so that a run that goes on has the same bits whether the file was kept or is made again.
/// </summary>
/// <remarks>Tokens of a tower that computes in bf16 are kept as its bits. An image that cannot be read is a row of NaN.</remarks>
internal sealed class TowerTokens : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly int _size;
    private readonly bool _isHalf;

    private TowerTokens(SafeFileHandle file, int places, int width, bool isHalf) =>
        (_file, Places, Width, _size, _isHalf) = (file, places, width, places * width, isHalf);

    /// <summary>Tokens of an image.</summary>
    public int Places { get; }

    /// <summary>Numbers of a token.</summary>
    public int Width { get; }

    private int Bytes => _size * (_isHalf ? sizeof(ushort) : sizeof(float));

    /// <summary>Takes the file where it is whole, and makes it where it is not.</summary>
    /// <param name="path">The file.</param>
    /// <param name="images">The images by their numbers.</param>
    /// <param name="transform">Turns image files into pixels, each time the same.</param>
    /// <param name="tower">The tokens of whole images, <c>[batch, size, size, 3]</c> to <c>[batch, places, width]</c>, without graph.</param>
    /// <param name="compute">Where and in which number format the tower computes.</param>
    /// <param name="shape">Tokens of an image, and numbers of a token.</param>
    /// <param name="batchSize">Images at a time.</param>
    /// <param name="workers">Decoding threads; 0 takes the processor count.</param>
    /// <param name="view">Shows progress.</param>
    /// <param name="cancellation">Stops between two batches; what was made is made again.</param>
    public static TowerTokens Open(
        string path,
        IImageSource images,
        IImageTransform transform,
        Func<Tensor, Tensor> tower,
        Compute compute,
        (int Places, int Width) shape,
        int batchSize,
        int workers,
        IProgressView view,
        CancellationToken cancellation)
    {
        var isHalf = compute.Type == ScalarType.BFloat16;
        var bytes = (long)images.Count * shape.Places * shape.Width * (isHalf ? sizeof(ushort) : sizeof(float));
        if (!File.Exists(path) || new FileInfo(path).Length != bytes)
        {
            view.Message(FormattableString.Invariant($"The tower does not learn: its tokens of {images.Count:N0} images are computed once and kept meanwhile, {bytes / 1e6:N0} MB."));
            var temporary = path + ".tmp";
            using (var made = new TowerTokens(File.OpenHandle(temporary, FileMode.Create, FileAccess.ReadWrite, preallocationSize: bytes), shape.Places, shape.Width, isHalf))
            {
                made.Fill(new ImageLoader(images, transform, workers, allowMissing: true), tower, compute.Device, batchSize, new ItemMeter(view, "tower", "images", images.Count), cancellation);
            }

            File.Move(temporary, path, overwrite: true);
        }

        return new TowerTokens(File.OpenHandle(path), shape.Places, shape.Width, isHalf);
    }

    /// <summary>Whether an image could not be read.</summary>
    public bool IsMissing(long image)
    {
        Span<byte> first = stackalloc byte[sizeof(float)];
        var read = first[..(_isHalf ? sizeof(ushort) : sizeof(float))];
        RandomAccess.Read(_file, read, image * Bytes);
        return float.IsNaN(_isHalf ? Whole(MemoryMarshal.Read<ushort>(read)) : MemoryMarshal.Read<float>(read));
    }

    /// <summary>The tokens of some images.</summary>
    /// <param name="samples">Their numbers.</param>
    /// <param name="device">Where to.</param>
    /// <param name="type">Number format of the tower.</param>
    /// <returns><c>[samples, places, width]</c></returns>
    public Tensor Rows(ReadOnlySpan<long> samples, Device device, ScalarType type)
    {
        var rows = new float[samples.Length * _size];
        var bytes = new byte[Bytes];
        for (var i = 0; i < samples.Length; i++)
        {
            var row = rows.AsSpan(i * _size, _size);
            RandomAccess.Read(_file, bytes, samples[i] * Bytes);
            if (_isHalf)
            {
                var bits = MemoryMarshal.Cast<byte, ushort>(bytes.AsSpan());
                for (var k = 0; k < row.Length; k++)
                {
                    row[k] = Whole(bits[k]);
                }
            }
            else
            {
                MemoryMarshal.Cast<byte, float>(bytes.AsSpan()).CopyTo(row);
            }
        }

        return DeviceTraffic.Send<float>(rows, device, samples.Length, Places, Width).to(type);
    }

    public void Dispose() => _file.Dispose();

    private void Fill(ImageLoader loader, Func<Tensor, Tensor> tower, Device device, int batchSize, ItemMeter meter, CancellationToken cancellation)
    {
        var row = new byte[Bytes];
        foreach (var batch in loader.Read(batchSize, cancellation: cancellation))
        {
            cancellation.ThrowIfCancellationRequested();
            var tokens = batch.Size == 0 ? [] : Compute(batch, tower, device);
            for (var i = 0; i < batch.Size; i++)
            {
                Write(tokens.AsSpan(i * _size, _size), row, batch.Samples[i]);
            }

            var missing = new float[_size];
            Array.Fill(missing, float.NaN);
            foreach (var image in batch.Missing.Keys)
            {
                Write(missing, row, image);
            }

            meter.Report(Math.Max(batch.Size == 0 ? 0 : batch.Samples[^1], batch.Missing.Keys.DefaultIfEmpty(0).Max()) + 1);
        }
    }

    private static float[] Compute(ImageBatch batch, Func<Tensor, Tensor> tower, Device device)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var size = batch.ImageSize;
        return DeviceTraffic.Read(tower(DeviceTraffic.Send<byte>(batch.Present.Span, device, batch.Size, size, size, 3)));
    }

    private void Write(ReadOnlySpan<float> tokens, byte[] row, long image)
    {
        if (_isHalf)
        {
            var bits = MemoryMarshal.Cast<byte, ushort>(row.AsSpan());
            for (var k = 0; k < tokens.Length; k++)
            {
                bits[k] = (ushort)(BitConverter.SingleToUInt32Bits(tokens[k]) >> 16); // exact: the tower computed in bf16
            }
        }
        else
        {
            MemoryMarshal.AsBytes(tokens).CopyTo(row);
        }

        RandomAccess.Write(_file, row, image * Bytes);
    }

    private static float Whole(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);
}
