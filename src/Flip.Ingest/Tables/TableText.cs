using System.IO.Compression;
using Flip.Data.Files;
using Flip.Io;

namespace Flip.Ingest.Tables;

/// <summary>The text of a table, which may be compressed with gzip. It is unpacked as it is read, a line or record within its limit, so little data that unpacks to much takes time alone.</summary>
internal static class TableText
{
    /// <summary>What the name of a compressed file ends in.</summary>
    public const string Compressed = ".gz";

    /// <summary>A file's name without what says that it is compressed.</summary>
    public static string PlainName(string path) =>
        path.EndsWith(Compressed, StringComparison.OrdinalIgnoreCase) ? path[..^Compressed.Length] : path;

    /// <summary>Opens the text, in the encoding that <see cref="TextFile"/> finds.</summary>
    /// <exception cref="ConfigException">The file cannot be opened, or is not compressed though its name says so.</exception>
    public static StreamReader Open(string path)
    {
        if (PlainName(path).Length == path.Length)
        {
            return TextLines.OpenFile(path);
        }

        try
        {
            return TextFile.Open(() => new GZipStream(PlainFile.OpenRead(path), CompressionMode.Decompress));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new ConfigException($"'{path}' cannot be read: {e.Message}");
        }
    }
}
