using System.Security.Cryptography;

namespace Flip.Data.Shards;

/// <summary>Tells a shard from another of the same length by a little of it: its beginning, its middle and its end.</summary>
internal static class ShardEdges
{
    private const int PieceBytes = 4096;
    private const int Digits = 32;

    /// <summary>A hash of them, as hexadecimal digits.</summary>
    /// <param name="file">The shard; its position changes.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static string Of(Stream file)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var piece = new byte[PieceBytes];
        foreach (var start in (ReadOnlySpan<long>)[0, (file.Length - PieceBytes) / 2, file.Length - PieceBytes])
        {
            file.Position = Math.Max(0, start);
            hash.AppendData(piece, 0, file.ReadAtLeast(piece, PieceBytes, throwOnEndOfStream: false));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..Digits];
    }
}
