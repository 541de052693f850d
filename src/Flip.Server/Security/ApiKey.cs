using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Flip.Io;

namespace Flip.Server.Security;

/// <summary>The key that requests must show. It is compared by hashes in constant time, so that answers tell nothing of it.</summary>
public sealed class ApiKey
{
    /// <summary>Fewest characters.</summary>
    public const int Shortest = 16;

    private const int Longest = 4096;
    private const int RandomBytes = 32;

    private readonly byte[] _hash;

    private ApiKey(string text) => (Text, _hash) = (text, Hash(text));

    /// <summary>The key itself.</summary>
    public string Text { get; }

    /// <summary>A new one of 256 random bits.</summary>
    public static ApiKey Generate() => new("flip-" + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(RandomBytes)));

    /// <summary>A given one.</summary>
    /// <param name="text">Visible ASCII characters, 16 to 4096 of them.</param>
    /// <param name="origin">Where it is from, for messages.</param>
    /// <exception cref="ConfigException">It is too short or too long, or has other characters.</exception>
    public static ApiKey Of(string text, string origin)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length is >= Shortest and <= Longest && text.All(c => c is > ' ' and <= '~')
            ? new ApiKey(text)
            : throw new ConfigException($"{origin}: a key has {Shortest} to {Longest} visible ASCII characters, without spaces.");
    }

    /// <summary>One of a file, whose first line it is.</summary>
    /// <exception cref="ConfigException">The file cannot be read, or holds no key.</exception>
    public static ApiKey Read(string path)
    {
        try
        {
            return Of(Encoding.UTF8.GetString(PlainFile.ReadAll(path, Longest + 2)).TrimEnd('\r', '\n'), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"The key's file '{path}' cannot be read: {e.Message}");
        }
    }

    /// <summary>Whether it is this key.</summary>
    public bool Matches(string shown) => CryptographicOperations.FixedTimeEquals(Hash(shown), _hash);

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
