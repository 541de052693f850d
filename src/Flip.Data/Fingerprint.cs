using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Flip.Data;

/// <summary>SHA-256 of a list of texts. The length of each comes first, so that no two lists are the same bytes.</summary>
public sealed class Fingerprint : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>Adds a text.</summary>
    public Fingerprint Add(string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, utf8.Length);
        _hash.AppendData(length);
        _hash.AppendData(utf8);
        return this;
    }

    /// <summary>The texts added so far as 64 hexadecimal digits; it begins anew afterwards.</summary>
    public string Take() => Convert.ToHexStringLower(_hash.GetHashAndReset());

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();
}
