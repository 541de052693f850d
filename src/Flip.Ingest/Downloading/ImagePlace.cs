using Microsoft.Win32.SafeHandles;

namespace Flip.Ingest.Downloading;

/// <summary>Where an image lies until its shard is written.</summary>
/// <param name="File">A spool, or the shard that is replaced.</param>
/// <param name="Offset">Its first byte.</param>
/// <param name="Length">Its bytes.</param>
internal readonly record struct ImagePlace(SafeFileHandle File, long Offset, int Length)
{
    /// <summary>The image.</summary>
    public byte[] Read()
    {
        var bytes = new byte[Length];
        for (var read = 0; read < bytes.Length;)
        {
            var count = RandomAccess.Read(File, bytes.AsSpan(read), Offset + read);
            read += count > 0 ? count : throw new IOException("A file of a shard in the making was cut by another program.");
        }

        return bytes;
    }
}
