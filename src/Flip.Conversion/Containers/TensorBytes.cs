using Flip.Storage;
using static TorchSharp.torch;

namespace Flip.Conversion.Containers;

/// <summary>Fills all of a span or throws.</summary>
internal delegate void ReadSpan(Span<byte> destination);

/// <summary>The memory of a contiguous tensor as bytes, whatever its length; a span alone ends at 2 GiB.</summary>
internal readonly unsafe struct TensorBytes
{
    private const int BytesAtOnce = 1 << 26;

    private readonly byte* _start;

    private TensorBytes(Tensor tensor)
    {
        Length = tensor.numel() * tensor.ElementSize;
        if (Length > 0)
        {
            using var flat = tensor.view(-1);
            using var first = flat.narrow(0, 0, 1);

            // The memory is libtorch's, which does not move it; the pointer is good as long as the tensor lives.
            fixed (byte* start = first.bytes)
            {
                _start = start;
            }
        }
    }

    public long Length { get; }

    /// <summary>A tensor whose bytes come from <paramref name="fill"/>; the caller has bounded its size by what the file holds.</summary>
    /// <exception cref="CheckpointFormatException">A type that libtorch lacks, or a BOOL that is neither 0 nor 1.</exception>
    public static Tensor Read(string path, TensorDescription description, Action<TensorBytes> fill)
    {
        var type = SafetensorsTypes.ToTorch(description.Type)
            ?? throw new CheckpointFormatException(path, description.Name, $"tensors of type {description.Type} cannot be read; save it as F32, F16 or BF16");
        var tensor = empty([.. description.Shape], type, CPU);
        try
        {
            var bytes = new TensorBytes(tensor);
            fill(bytes);

            // libtorch's behavior with any other bit pattern is undefined.
            if (type == ScalarType.Bool && bytes.AnyPart(part => part.ContainsAnyExceptInRange((byte)0, (byte)1)))
            {
                throw new CheckpointFormatException(path, description.Name, "a BOOL that is neither 0 nor 1");
            }

            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    public Span<byte> Slice(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - length);
        return new Span<byte>(_start + offset, length);
    }

    /// <summary>Reads a stretch of the tensor from a source that goes on where it stopped.</summary>
    public void Fill(long offset, long length, ReadSpan read)
    {
        for (var end = offset + length; offset < end;)
        {
            var part = Slice(offset, (int)Math.Min(BytesAtOnce, end - offset));
            read(part);
            offset += part.Length;
        }
    }

    /// <summary>Repeats one element over the whole tensor.</summary>
    public void Repeat(ReadOnlySpan<byte> element)
    {
        for (var offset = 0L; offset < Length; offset += element.Length)
        {
            element.CopyTo(Slice(offset, element.Length));
        }
    }

    private bool AnyPart(Func<Span<byte>, bool> condition)
    {
        for (var offset = 0L; offset < Length; offset += BytesAtOnce)
        {
            if (condition(Slice(offset, (int)Math.Min(BytesAtOnce, Length - offset))))
            {
                return true;
            }
        }

        return false;
    }
}
