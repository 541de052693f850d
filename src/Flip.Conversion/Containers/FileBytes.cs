using Flip.Storage;
using Microsoft.Win32.SafeHandles;

namespace Flip.Conversion.Containers;

/// <summary>Reads of whole stretches of a file.</summary>
internal static class FileBytes
{
    /// <summary>Up to <paramref name="length"/> bytes from the start of a file.</summary>
    public static byte[] Start(string path, int length)
    {
        using var file = TensorFile.OpenHandle(path);
        var bytes = new byte[(int)Math.Min(length, RandomAccess.GetLength(file))];
        ReadExactly(file, path, bytes, 0);
        return bytes;
    }

    /// <exception cref="CheckpointFormatException">The file ends before.</exception>
    public static void ReadExactly(SafeFileHandle file, string path, Span<byte> destination, long position)
    {
        while (!destination.IsEmpty)
        {
            var read = RandomAccess.Read(file, destination, position);
            if (read == 0)
            {
                throw new CheckpointFormatException(path, null, "the file has become shorter while it was read");
            }

            destination = destination[read..];
            position += read;
        }
    }
}
