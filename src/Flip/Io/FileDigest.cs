using System.Security.Cryptography;

namespace Flip.Io;

/// <summary>What tells a file from every other: its length, and a hash of its bytes.</summary>
/// <param name="Length">Bytes.</param>
/// <param name="Sha256">SHA-256, 64 lower-case hexadecimal digits.</param>
public sealed record FileDigest(long Length, string Sha256)
{
    private const int Digits = 64;
    private const int BytesAtOnce = 1 << 20;

    /// <summary>Whether it can be one at all: a length that is not negative, and 64 digits.</summary>
    internal bool IsValid => Length >= 0 && Sha256 is { Length: Digits } && Sha256.All(char.IsAsciiHexDigitLower);

    /// <summary>Reads a file to its end.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">It cannot be read, or has no bytes.</exception>
    public static FileDigest Of(string path)
    {
        using var file = PlainFile.OpenRead(path, FileOptions.SequentialScan);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (buffer, length) = (new byte[BytesAtOnce], 0L);
        while (file.Read(buffer) is > 0 and var count)
        {
            hash.AppendData(buffer, 0, count);
            length += count;
        }

        return new FileDigest(length, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }
}
