using Microsoft.Win32.SafeHandles;

namespace Flip.Data.Records;

/// <summary>Reads from a <see cref="RecordFile"/>. Safe to call from several threads.</summary>
/// <param name="path">The file.</param>
/// <param name="content">Its bytes where they are in memory.</param>
internal sealed class RecordReader(string path, byte[]? content) : IDisposable
{
    private readonly SafeFileHandle? _handle = content is null ? File.OpenHandle(path) : null;

    /// <summary>Fills the buffer from a place of the file.</summary>
    /// <exception cref="EndOfStreamException">The file became shorter since it was opened.</exception>
    public void Read(long offset, Span<byte> buffer)
    {
        if (content is not null)
        {
            content.AsSpan(checked((int)offset), buffer.Length).CopyTo(buffer);
            return;
        }

        while (buffer.Length > 0)
        {
            var count = RandomAccess.Read(_handle!, buffer, offset);
            if (count == 0)
            {
                throw new EndOfStreamException($"'{path}' became shorter while it was read.");
            }

            buffer = buffer[count..];
            offset += count;
        }
    }

    public void Dispose() => _handle?.Dispose();
}
