using System.Buffers.Binary;
using System.Text;

namespace Flip.Native;

/// <summary>
/// Reads the version-needs table (<c>.gnu.version_r</c>) of a 64-bit little-endian ELF library and makes one of its
/// requirements weak. A weak requirement that the system lacks is a warning to the dynamic linker, not an error.
/// </summary>
internal static class ElfVersionNeeds
{
    private const uint SectionTypeVersionNeeds = 0x6ffffffe; // SHT_GNU_verneed
    private const ushort WeakFlag = 0x2; // VER_FLG_WEAK
    private const int SectionHeaderSize = 64;

    /// <summary>Sets the weak flag on the requirement <paramref name="version"/> of <paramref name="image"/>.</summary>
    /// <param name="image">The whole library; changed in place.</param>
    /// <param name="version">The version's name, for example <c>GLIBCXX_3.4.32</c>.</param>
    /// <returns>True if the image was changed; false if it does not need the version, or needs it weakly already.</returns>
    /// <exception cref="BadImageFormatException">The image is no 64-bit little-endian ELF file or its tables lie.</exception>
    public static bool MakeWeak(Span<byte> image, string version)
    {
        try
        {
            return MakeWeakCore(image, Encoding.ASCII.GetBytes(version));
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or OverflowException)
        {
            throw new BadImageFormatException("The ELF file is cut short or its section table is invalid.", e);
        }
    }

    private static bool MakeWeakCore(Span<byte> image, ReadOnlySpan<byte> version)
    {
        if (image.Length < SectionHeaderSize || !image[..6].SequenceEqual("\u007fELF\u0002\u0001"u8))
        {
            throw new BadImageFormatException("Not a 64-bit little-endian ELF file.");
        }

        var tableOffset = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(image[40..]));
        int sectionCount = BinaryPrimitives.ReadUInt16LittleEndian(image[60..]);
        for (var i = 0; i < sectionCount; i++)
        {
            var header = SectionHeader(image, tableOffset, i);
            if (BinaryPrimitives.ReadUInt32LittleEndian(header[4..]) == SectionTypeVersionNeeds)
            {
                var linked = BinaryPrimitives.ReadInt32LittleEndian(header[40..]);
                return MarkEntry(Section(image, header), Section(image, SectionHeader(image, tableOffset, linked)), version);
            }
        }

        return false;
    }

    /// <summary>Walks the chain of needed files and, within each, the chain of needed versions.</summary>
    private static bool MarkEntry(Span<byte> needs, ReadOnlySpan<byte> names, ReadOnlySpan<byte> version)
    {
        for (var file = 0; ;)
        {
            int entryCount = BinaryPrimitives.ReadUInt16LittleEndian(needs[(file + 2)..]);
            var entry = file + BinaryPrimitives.ReadInt32LittleEndian(needs[(file + 8)..]);
            for (var i = 0; i < entryCount; i++)
            {
                var name = names[BinaryPrimitives.ReadInt32LittleEndian(needs[(entry + 8)..])..];
                if (name[..name.IndexOf((byte)0)].SequenceEqual(version))
                {
                    var flags = BinaryPrimitives.ReadUInt16LittleEndian(needs[(entry + 4)..]);
                    BinaryPrimitives.WriteUInt16LittleEndian(needs[(entry + 4)..], (ushort)(flags | WeakFlag));
                    return (flags & WeakFlag) == 0;
                }

                entry += BinaryPrimitives.ReadInt32LittleEndian(needs[(entry + 12)..]);
            }

            var next = BinaryPrimitives.ReadInt32LittleEndian(needs[(file + 12)..]);
            if (next <= 0)
            {
                return false;
            }

            file += next;
        }
    }

    private static Span<byte> SectionHeader(Span<byte> image, int tableOffset, int index) =>
        image.Slice(tableOffset + (index * SectionHeaderSize), SectionHeaderSize);

    private static Span<byte> Section(Span<byte> image, ReadOnlySpan<byte> header) =>
        image.Slice(
            checked((int)BinaryPrimitives.ReadUInt64LittleEndian(header[24..])),
            checked((int)BinaryPrimitives.ReadUInt64LittleEndian(header[32..])));
}
