using System.Text;
using Flip.Data.Sources;

namespace Flip.Data.Formats;

/// <summary>Reads members of one shard's samples, within limits: a length comes from a file and may be anything.</summary>
internal readonly struct MemberReader(ShardFiles files, int shard)
{
    private const int MaxTextBytes = 1 << 20;
    private const int MaxImageBytes = 256 << 20;

    /// <summary>The bytes of a text member.</summary>
    /// <exception cref="BadSampleException">Above 1 MiB.</exception>
    public PooledBytes ReadSmall(TarMember member) => member.Length <= MaxTextBytes
        ? Read(member)
        : throw new BadSampleException("text too large", $"a text of {member.Length} bytes (at most {MaxTextBytes})");

    /// <summary>A text member: UTF-8, bytes that are none become U+FFFD; a byte-order mark is dropped.</summary>
    /// <exception cref="BadSampleException">Above 1 MiB.</exception>
    public string ReadText(TarMember member)
    {
        using var bytes = ReadSmall(member);
        return Encoding.UTF8.GetString(WithoutMark(bytes.Memory).Span);
    }

    /// <summary>The bytes of an image file.</summary>
    /// <exception cref="BadSampleException">Empty, or above 256 MiB.</exception>
    public PooledBytes ReadImage(TarMember member)
    {
        CheckImage(member.Length);
        return Read(member);
    }

    /// <summary>Refuses an image file by its length.</summary>
    /// <exception cref="BadSampleException">Empty, or above 256 MiB.</exception>
    public static void CheckImage(long length)
    {
        if (length is 0 or > MaxImageBytes)
        {
            throw length == 0
                ? new BadSampleException("empty image", "an image file of 0 bytes")
                : new BadSampleException("image file too large", $"an image file of {length} bytes (at most {MaxImageBytes})");
        }
    }

    /// <summary>UTF-8 without the mark that some editors put before it.</summary>
    public static ReadOnlyMemory<byte> WithoutMark(ReadOnlyMemory<byte> utf8) => utf8.Span.StartsWith("\uFEFF"u8) ? utf8[3..] : utf8;

    private PooledBytes Read(TarMember member)
    {
        var bytes = new PooledBytes(member.Length);
        try
        {
            files.Read(shard, member.Offset, bytes.Span);
            return bytes;
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }
}
