using System.Text;
using Flip.Ingest.Selection;

namespace Flip.Tests.Ingest.Selection;

public sealed class UidFileTests : IDisposable
{
    /// <summary>The header that NumPy 2.1 writes for two uids: 118 bytes behind the first ten, padded to 128.</summary>
    private static readonly string Header = "{'descr': [('f0', '<u8'), ('f1', '<u8')], 'fortran_order': False, 'shape': (2,), }" + new string(' ', 35) + "\n";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_uid_is_two_numbers_of_16_digits_the_first_one_first()
    {
        Assert.Equal(118, Header.Length);
        byte[] file = [0x93, .. "NUMPY"u8, 1, 0, 118, 0, .. Encoding.ASCII.GetBytes(Header), 2, 0, 0, 0, 0, 0, 0, 0, 0xEF, 0xCD, 0xAB, 0, 0, 0, 0, 0x10, 0xFF, 0, 0, 0, 0, 0, 0, 0x80, 1, 0, 0, 0, 0, 0, 0, 0];
        UInt128[] uids = [Uid("00000000000000021000000000abcdef"), Uid("80000000000000ff0000000000000001")];
        File.WriteAllBytes(_folder.File("read.npy"), file);
        Assert.Equal(uids, UidFile.Read(_folder.File("read.npy")));

        Assert.Equal(2, UidFile.Write(_folder.File("written.npy"), [uids[1], uids[0], uids[1]]));
        Assert.Equal(file, File.ReadAllBytes(_folder.File("written.npy")));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(65_536)]
    [InlineData(70_001)]
    public void What_is_written_is_read(int count)
    {
        var random = new Random(count);
        UInt128[] uids = [.. Enumerable.Range(0, count).Select(_ => new UInt128((ulong)random.NextInt64(long.MinValue, long.MaxValue), (ulong)random.NextInt64(long.MinValue, long.MaxValue)))];
        UidFile.Write(_folder.File("a.npy"), [.. uids]);
        Assert.Equal(uids.Distinct().Order(), UidFile.Read(_folder.File("a.npy"), _ => Assert.Fail("it is sorted")));
        Assert.Equal(0, new FileInfo(_folder.File("a.npy")).Length % 16);
    }

    [Fact]
    public void A_file_that_is_not_sorted_or_has_uids_twice_is_put_in_order_and_it_is_said()
    {
        var file = Bytes(Header.Replace("(2,)", "(3,)", StringComparison.Ordinal), [9, 0, 0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0], [3, 0, 0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0], [9, 0, 0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0]);
        File.WriteAllBytes(_folder.File("a.npy"), file);
        var said = new List<string>();
        Assert.Equal([new UInt128(3, 1), new UInt128(9, 1)], UidFile.Read(_folder.File("a.npy"), said.Add));
        Assert.Equal([$"'{_folder.File("a.npy")}' is not sorted, and is sorted in memory.", $"'{_folder.File("a.npy")}' has 1 uids more than once; they count once."], said);
    }

    [Theory]
    [InlineData("{'descr': '<u8', 'fortran_order': False, 'shape': (2,), }", "is of another type or shape: {'descr': '<u8'")]
    [InlineData("{'descr': [('f0', '<u8'), ('f1', '<u4')], 'fortran_order': False, 'shape': (2,), }", "is of another type or shape")]
    [InlineData("{'descr': [('f0', '>u8'), ('f1', '>u8')], 'fortran_order': False, 'shape': (2,), }", "is of another type or shape")]
    [InlineData("{'descr': [('f0', '<u8'), ('f1', '<u8')], 'fortran_order': False, 'shape': (1, 2), }", "is of another type or shape")]
    [InlineData("{'descr': [('f0', '<u8'), ('f1', '<u8')], 'fortran_order': False, 'shape': (3,), }", "has 32 bytes for 3 uids of 16")]
    [InlineData("{'descr': [('f0', '<u8'), ('f1', '<u8')], 'fortran_order': False, 'shape': (1,), }", "has 32 bytes for 1 uids of 16")]
    [InlineData("{'descr': [('f0', '<u8'), ('f1', '<u8')], 'fortran_order': False, 'shape': (99999999999999999999,), }", "claims 99999999999999999999 uids")]
    [InlineData("{'descr': [('f0', '<u8'), ('f1', '<u8')], 'fortran_order': False, 'shape': (2000000000,), }", "has 32 bytes for 2,000,000,000 uids")]
    public void A_file_of_another_type_or_length_is_refused(string header, string message)
    {
        File.WriteAllBytes(_folder.File("a.npy"), Bytes(header, new byte[32]));
        Assert.Contains(message, Assert.Throws<ConfigException>(() => UidFile.Read(_folder.File("a.npy"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_cut_anywhere_is_refused()
    {
        var whole = Bytes(Header, new byte[32]);
        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(_folder.File("a.npy"), whole[..length]);
            Assert.Contains("a.npy", Assert.Throws<ConfigException>(() => UidFile.Read(_folder.File("a.npy"))).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("0123456789abcdef0123456789ABCDEF", true)]
    [InlineData("0123456789abcdef0123456789abcde", false)]
    [InlineData("0123456789abcdef0123456789abcdefa", false)]
    [InlineData("0123456789abcdef-123456789abcdef", false)]
    [InlineData(" 123456789abcdef0123456789abcdef", false)]
    public void A_uid_has_32_hexadecimal_digits(string text, bool isOne) => Assert.Equal(isOne, UidFile.TryParse(text, out _));

    private static UInt128 Uid(string text) => UidFile.TryParse(text, out var uid) ? uid : throw new ArgumentException(text);

    private static byte[] Bytes(string header, params byte[][] data) =>
        [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header), .. data.SelectMany(part => part)];
}
