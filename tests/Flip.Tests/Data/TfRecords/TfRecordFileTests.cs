using System.Globalization;
using System.Text;
using Flip.Data.TfRecords;

namespace Flip.Tests.Data.TfRecords;

public class TfRecordFileTests
{
    private static readonly byte[][] Datas = [[.. "one"u8], [], [.. Enumerable.Range(0, 3_000_000).Select(i => (byte)i)], [.. "last"u8]];

    /// <summary>RFC 3720, B.4 has the plain values; the mask is TensorFlow's: turned right by 15, plus 0xa282ead8.</summary>
    [Theory]
    [InlineData("", 0x00000000u)]
    [InlineData("123456789", 0xE3069283u)]
    [InlineData("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 0x8A9136AAu)]
    public void Checksums_are_those_of_CRC_32C_under_the_mask(string text, uint plain) =>
        Assert.Equal(((plain >> 15) | (plain << 17)) + 0xA282EAD8u, MaskedCrc32C.Of(Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void Records_are_found_by_their_headers_and_read_in_a_stream_alike()
    {
        var file = TfRecordBytes.File(Datas);
        var found = TfRecordFile.Records(new MemoryStream(file)).ToList();

        Assert.Equal(Datas.Select(data => data.Length), found.Select(record => record.Length));
        Assert.All(found.Zip(Datas), pair =>
        {
            Assert.Equal(pair.Second, file[(int)pair.First.Offset..(int)(pair.First.Offset + pair.First.Length)]);
            Assert.True(TfRecordFile.IsWhole(file.AsSpan((int)pair.First.Offset, pair.First.StoredLength)));
        });
        Assert.Equal(Datas, Streamed(new MemoryStream(file)).Select(record => record.Data));
        Assert.Equal(Datas, Streamed(new Forward(file)).Select(record => record.Data));
    }

    [Fact]
    public void Records_that_are_passed_over_leave_the_reader_at_the_next()
    {
        foreach (Stream stream in (Stream[])[new MemoryStream(TfRecordBytes.File(Datas)), new Forward(TfRecordBytes.File(Datas))])
        {
            var reader = new TfRecordReader(stream);
            Assert.True(reader.Skip() && reader.Skip() && reader.Skip());
            Assert.Equal("last"u8, reader.Next(out var isWhole)!.Value.Span);
            Assert.True(isWhole);
            Assert.False(reader.Skip());
            Assert.Null(reader.Next(out _));
        }
    }

    [Fact]
    public void A_changed_byte_of_data_costs_its_record_alone()
    {
        var file = TfRecordBytes.File(Datas);
        file[13] ^= 1;
        Assert.Equal([false, true, true, true], Streamed(new Forward(file)).Select(record => record.IsWhole));
        Assert.False(TfRecordFile.IsWhole(file.AsSpan(12, 7)));
    }

    /// <summary>The first record has 12 + 3 + 4 bytes.</summary>
    [Theory]
    [InlineData(19)]
    [InlineData(27)]
    public void A_changed_length_ends_the_file_with_its_place(int at)
    {
        var file = TfRecordBytes.File(Datas);
        file[at] ^= 1;
        foreach (var e in Both(file, 1).Select(Assert.IsType<InvalidDataException>))
        {
            Assert.Equal("no header of a record at byte 19: its length has another checksum", e.Message);
        }
    }

    [Theory]
    [InlineData(20)]
    [InlineData(34)]
    [InlineData(3_000_000)]
    public void A_file_that_is_cut_ends_with_the_record_s_place(int length)
    {
        var at = length switch { 20 => 19, 34 => 19, _ => 35 };
        Assert.All(Both(TfRecordBytes.File(Datas)[..length], at == 19 ? 1 : 2), e =>
            Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"inside the record at byte {at}"), Assert.IsType<EndOfStreamException>(e).Message));
    }

    [Fact]
    public void A_length_takes_no_memory_before_its_bytes_have_come()
    {
        var lie = TfRecordBytes.Framed([]);
        BitConverter.TryWriteBytes(lie, (long)TfRecordFile.MostBytes);
        BitConverter.TryWriteBytes(lie.AsSpan(8), MaskedCrc32C.Of(lie.AsSpan(0, 8)));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.All(Both(lie, 0), e => Assert.IsType<EndOfStreamException>(e));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 << 20);
    }

    [Fact]
    public void A_record_above_the_limit_is_refused_with_both_numbers()
    {
        var lie = TfRecordBytes.Framed([]);
        BitConverter.TryWriteBytes(lie, long.MaxValue);
        BitConverter.TryWriteBytes(lie.AsSpan(8), MaskedCrc32C.Of(lie.AsSpan(0, 8)));
        Assert.All(Both(lie, 0), e => Assert.StartsWith("the record at byte 0 has 9,223,372,036,854,775,807 bytes, and at most 335,", Assert.IsType<InvalidDataException>(e).Message));
    }

    private static List<(byte[] Data, bool IsWhole)> Streamed(Stream stream)
    {
        var (reader, records) = (new TfRecordReader(stream), new List<(byte[], bool)>());
        while (reader.Next(out var isWhole) is { } data)
        {
            records.Add((data.ToArray(), isWhole));
        }

        return records;
    }

    /// <summary>What both readers throw behind the records that they give before.</summary>
    private static List<Exception> Both(byte[] file, int before)
    {
        var found = 0;
        var errors = new List<Exception>
        {
            Record.Exception(() =>
            {
                foreach (var record in TfRecordFile.Records(new MemoryStream(file)))
                {
                    found++;
                }
            })!,
        };
        Assert.Equal(before, found);
        var reader = new TfRecordReader(new Forward(file));
        for (var i = 0; i < before; i++)
        {
            Assert.NotNull(reader.Next(out _));
        }

        errors.Add(Record.Exception(() => reader.Next(out _))!);
        return errors;
    }

    /// <summary>A stream that cannot seek and gives a few bytes at a time.</summary>
    private sealed class Forward(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;

        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, 100_000)]);
    }
}
