namespace Flip.Io;

/// <summary>Files that appear whole or not at all: written beside their place, forced to the disk, then renamed.</summary>
public static class AtomicFile
{
    /// <summary>Writes a file; on any failure the old one stays as it was and nothing is left behind.</summary>
    /// <param name="path">Where the file appears; its folder is created if need be.</param>
    /// <param name="write">Writes the content.</param>
    /// <param name="temporarySuffix">Ending of the temporary name, where a later start is to know what a killed process left; null for one
    /// that no other writer has.</param>
    public static void Write(string path, Action<Stream> write, string? temporarySuffix = null)
    {
        var whole = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(whole)!);
        var temporary = whole + (temporarySuffix ?? $".{Environment.ProcessId}-{Environment.CurrentManagedThreadId}.tmp");
        try
        {
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, whole, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Writes a text file in UTF-8.</summary>
    public static void WriteText(string path, string content) =>
        Write(path, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(content)));
}
