using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Flip.Conversion.Download;

/// <summary>How a file's content is identified.</summary>
internal enum DigestKind
{
    /// <summary>SHA-256 of the content.</summary>
    Sha256,

    /// <summary>SHA-1 of the content behind git's header, the name that git gives a file.</summary>
    GitBlob,
}

/// <summary>What a file's content must hash to.</summary>
/// <param name="Kind">The hash.</param>
/// <param name="Hex">Its value in lower case.</param>
internal sealed record FileDigest(DigestKind Kind, string Hex)
{
    private const int BufferSize = 1 << 20;

    /// <summary>Reads a hash; null where the text is none.</summary>
    public static FileDigest? Parse(DigestKind kind, string? hex) =>
        hex is not null && hex.Length == (kind == DigestKind.Sha256 ? 64 : 40) && hex.All(char.IsAsciiHexDigit)
            ? new FileDigest(kind, hex.ToLowerInvariant())
            : null;

    /// <summary>Hashes a file with the same hash.</summary>
    public async Task<FileDigest> OfAsync(string path, CancellationToken cancellation)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous | FileOptions.SequentialScan);

        // Git has no other name for its files; against an attacker who forges SHA-1 the large files are named by SHA-256.
        using var hash = IncrementalHash.CreateHash(Kind == DigestKind.Sha256 ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA1);
        if (Kind == DigestKind.GitBlob)
        {
            hash.AppendData(Encoding.ASCII.GetBytes($"blob {file.Length}\0"));
        }

        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            while (await file.ReadAsync(buffer, cancellation) is > 0 and var count)
            {
                hash.AppendData(buffer, 0, count);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return this with { Hex = Convert.ToHexStringLower(hash.GetHashAndReset()) };
    }

    /// <inheritdoc/>
    public override string ToString() => $"{(Kind == DigestKind.Sha256 ? "sha256" : "git")}:{Hex}";
}
