using CommunityToolkit.HighPerformance.Buffers;
using Flip.Data.Tar;
using Flip.Io;

namespace Flip.Data.Shards;

/// <summary>Reads members of one shard's samples, within limits: a length comes from a file and may be anything.</summary>
/// <param name="files">The shards' files.</param>
/// <param name="shard">Which of them.</param>
/// <param name="sparse">Members of it that are stored in pieces.</param>
/// <param name="part">A part of it that is here already.</param>
internal readonly struct MemberReader(ShardFiles files, int shard, IReadOnlyDictionary<long, SparseMap> sparse, ShardPart part = default)
{
    private const int MaxTextBytes = 1 << 20;
    private const int MaxJsonBytes = 64 << 20; // metadata beside the captions, such as EXIF with a thumbnail

    /// <summary>The bytes of a <c>.json</c>.</summary>
    /// <exception cref="BadSampleException">Above 64 MiB.</exception>
    public MemoryOwner<byte> ReadJson(Member member) => Read(member, MaxJsonBytes);

    /// <summary>A text member, in the encoding that <see cref="TextFile"/> finds.</summary>
    /// <param name="member">The member.</param>
    /// <param name="encodingCause">The cause to count where it is in another encoding.</param>
    /// <exception cref="BadSampleException">Above 1 MiB, or in no encoding that its bytes tell.</exception>
    public string ReadText(Member member, string encodingCause)
    {
        using var bytes = Read(member, MaxTextBytes);
        var text = TextFile.Decode(bytes.Span);
        return TextFile.IsBroken(text) ? throw new BadSampleException(encodingCause, $"its text {TextFile.Problem}") : text;
    }

    /// <summary>The bytes of an image file.</summary>
    /// <exception cref="BadSampleException">Empty, or above 256 MiB.</exception>
    public MemoryOwner<byte> ReadImage(Member member)
    {
        ImageFileSize.Check(member.Length);
        return Read(member, ImageFileSize.Most);
    }

    private MemoryOwner<byte> Read(Member member, int maxBytes)
    {
        if (member.Length > maxBytes)
        {
            throw new BadSampleException("text too large", $"a text of {member.Length} bytes (at most {maxBytes})");
        }

        var bytes = MemoryOwner<byte>.Allocate(member.Length);
        try
        {
            if (sparse.TryGetValue(member.Offset, out var map))
            {
                Read(member, map, bytes.Span);
            }
            else
            {
                Read(member.Offset, bytes.Span);
            }

            return bytes;
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    private void Read(Member member, SparseMap map, Span<byte> bytes)
    {
        bytes.Clear();
        var stored = member.Offset;
        foreach (var (offset, length) in map.Pieces)
        {
            Read(stored, bytes.Slice((int)offset, (int)length));
            stored += length;
        }
    }

    private void Read(long offset, Span<byte> bytes)
    {
        if (!part.TryRead(offset, bytes))
        {
            files.Read(shard, offset, bytes);
        }
    }
}
