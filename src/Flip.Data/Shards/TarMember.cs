using Flip.Data.Tar;

namespace Flip.Data.Shards;

/// <summary>Where the data of a tar member lies. Tar data begins on multiples of 512 bytes, so 8 bytes hold it (up to 2 TB).</summary>
/// <param name="Block">First byte / 512; 0 for a member that a sample lacks (a header always precedes data).</param>
/// <param name="Length">Bytes.</param>
internal readonly record struct TarMember(uint Block, int Length)
{
    public const int BlockSize = TarHeader.BlockSize;

    public bool IsPresent => Block != 0;

    public long Offset => (long)Block * BlockSize;
}
