using System.Text;
using Flip.Data.Tar;
using static Flip.Tests.Data.Tar.TarBytes;

namespace Flip.Tests.Data.Tar;

/// <summary>Archives that tar and Python read, and System.Formats.Tar or others do not.</summary>
public sealed class TarEntriesTests
{
    private const string Long = "folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/x.jpg";

    public static TheoryData<string, byte[], string> Archives() => new()
    {
        { "blank numbers", Member("a.jpg", "A", change: header => Fill(header, 100, 24, ' ')), "a.jpg" },
        { "size with blanks before it", Member("a.jpg", "A", change: header => Put(header, 124, "          1 ")), "a.jpg" },
        { "owner above 2^31 in base 256", Member("a.jpg", "A", change: header => Put(header, 108, "\u0080\0\0\0\u00B2\u00D0\u005E\0")), "a.jpg" },
        { "time before 1970", Member("a.jpg", "A", change: header => Fill(header, 136, 12, '\u00FF')), "a.jpg" },
        { "size in base 256", Member("a.jpg", "A", change: header => Put(header, 124, "\u0080\0\0\0\0\0\0\0\0\0\0\u0001")), "a.jpg" },
        { "old tar", Member("a.jpg", "A", '\0', change: header => Fill(header, 257, 8, '\0')), "a.jpg" },
        { "contiguous file", Member("a.jpg", "A", '7'), "a.jpg" },
        { "prefix", Member("a.jpg", "A", change: header => Put(header, 345, "very/long")), "very/long/a.jpg" },
        { "GNU's times where the prefix is", Member("a.jpg", "A", change: header => Put(header, 257, "ustar  \0" + new string('\0', 80) + "14371573424\0")), "a.jpg" },
        { "Latin-1 name", Member("caf\u00E9.jpg", "A"), "café.jpg" },
        { "UTF-8 name", Member("caf\u00C3\u00A9.jpg", "A"), "café.jpg" },
        { "long name", [.. Member("././@LongLink", Long + "\0", 'L'), .. Member(Long, "A")], Long },
        { "two long names", [.. Member("././@LongLink", "first.jpg\0", 'L'), .. Member("././@LongLink", Long + "\0", 'L'), .. Member(Long, "A")], "first.jpg" },
        { "long name and pax", [.. Member("././@LongLink", "a.jpg\0", 'L'), .. Pax('x', ("mtime", "1.5")), .. Member("q", "A")], "a.jpg" },
        { "pax and long name", [.. Pax('x', ("mtime", "1.5")), .. Member("././@LongLink", "a.jpg\0", 'L'), .. Member("q", "A")], "a.jpg" },
        { "attribute of two lines", [.. Pax('x', ("SCHILY.xattr.user.comment", "first\nsecond"), ("path", "a.jpg")), .. Member("q", "A")], "a.jpg" },
        { "attribute of any bytes", [.. Pax('x', ("LIBARCHIVE.xattr.x", "\u0080\0\n1 path=b.jpg\n="), ("path", "a.jpg")), .. Member("q", "A")], "a.jpg" },
        { "attribute of a megabyte", [.. Pax('x', ("LIBARCHIVE.xattr.x", new string('x', 1 << 20)), ("path", "a.jpg")), .. Member("q", "A")], "a.jpg" },
        { "key twice", [.. Pax('x', ("path", "q.jpg"), ("path", "a.jpg")), .. Member("q", "A")], "a.jpg" },
        { "empty value", [.. Pax('x', ("comment", ""), ("path", "")), .. Member("a.jpg", "A")], "a.jpg" },
        { "size in pax", [.. Pax('x', ("size", "1")), .. Member("a.jpg", "A", change: header => Put(header, 124, "00000000000\0"))], "a.jpg" },
        { "Solaris' pax", [.. Pax('X', ("path", "a.jpg")), .. Member("q", "A")], "a.jpg" },
        { "global headers", [.. Pax('g', ("comment", "1")), .. Pax('g', ("comment", "2")), .. Pax('x', ("path", "a.jpg")), .. Member("q", "A")], "a.jpg" },
        { "directory with a size", [.. Header("dir/", 1024, '5'), .. Member("a.jpg", "A")], "dir/ a.jpg" },
        { "old directory with a size", [.. Header("dir/", 1024, '\0'), .. Member("a.jpg", "A")], "dir/ a.jpg" },
        { "device, pipe and link with a size", [.. Header("d", 512, '3'), .. Header("p", 512, '6'), .. Header("l", 512, '1'), .. Member("a.jpg", "A")], "d p l a.jpg" },
        { "unknown kind and volume", [.. Member("volume", "", 'V'), .. Member("odd", "xyz", 'Z'), .. Member("a.jpg", "A")], "volume odd a.jpg" },
    };

    [Theory]
    [MemberData(nameof(Archives))]
    public void What_tar_and_Python_read_is_read(string what, byte[] archive, string names)
    {
        _ = what;
        byte[] bytes = [.. archive, .. Member("z.jpg", "the last"), .. End];
        var entries = Read(bytes);
        Assert.Equal($"{names} z.jpg", string.Join(' ', entries.Select(entry => entry.Name)));
        Assert.Equal("A", Data(bytes, entries[^2]));
        Assert.Equal("the last", Data(bytes, entries[^1]));
        Assert.All(entries.TakeLast(2), entry => Assert.True(entry.IsFile));
    }

    [Fact]
    public void Checksums_may_be_of_signed_bytes()
    {
        var header = Header("caf\u00E9.jpg", 0);
        Put(header, 148, Octal(header.Where((_, i) => i is < 148 or >= 156).Sum(value => (sbyte)value) + (8 * ' '), 6) + "\0 ");
        Assert.Equal("café.jpg", Assert.Single(Read([.. header, .. End])).Name);
    }

    [Fact]
    public void A_header_with_another_checksum_or_a_size_below_zero_is_none()
    {
        var wrong = Header("a.jpg", 0);
        wrong[0] = (byte)'b';
        Assert.Throws<InvalidDataException>(() => Read([.. wrong, .. End]));
        Assert.Throws<InvalidDataException>(() => Read([.. Header("a.jpg", 0, change: header => Fill(header, 124, 12, '\u00FF')), .. End]));
        Assert.Throws<InvalidDataException>(() => Read([.. Header("a.jpg", 0, change: header => Put(header, 124, "12x")), .. End]));
        Assert.Throws<InvalidDataException>(() => Read([.. Pax('x', ("path", "a")), .. End]));
    }

    [Fact]
    public void What_is_longer_than_the_file_is_cut()
    {
        Assert.Throws<EndOfStreamException>(() => Read(Header("a.jpg", 0, change: header => Put(header, 124, "\u0080\0\0\0\u007F" + new string('\u00FF', 7)))));
        Assert.Throws<EndOfStreamException>(() => Read([.. Pax('x', ("size", "9223372036854775807")), .. Member("a.jpg", "A"), .. End]));
        Assert.Throws<EndOfStreamException>(() => Read(Header("x", 1 << 30, 'x')));
        Assert.Throws<EndOfStreamException>(() => Read(Header("x", 1 << 30, 'L')));
        Assert.Throws<EndOfStreamException>(() => Read(Header("x", 0)[..100]));
    }

    private static List<TarEntry> Read(byte[] bytes)
    {
        var entries = new TarEntries(new MemoryStream(bytes));
        var all = new List<TarEntry>();
        while (entries.Next() is { } entry)
        {
            all.Add(entry);
        }

        return all;
    }

    private static string Data(byte[] bytes, TarEntry entry) => Encoding.Latin1.GetString(bytes, (int)entry.DataOffset, (int)entry.Length);

    private static void Fill(byte[] header, int at, int count, char letter) => Put(header, at, new string(letter, count));
}
