using Flip.Data.Shards;

namespace Flip.Tests.Data.Shards;

public sealed class SampleTableTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(512)]
    public void Any_entries_come_back(int unit)
    {
        var random = new Random(unit);
        for (var trial = 0; trial < 200; trial++)
        {
            Member Some(bool isThere) => isThere ? new Member(random.NextInt64(1, trial % 3 == 0 ? 1L << 40 : 1 << 20) * unit, random.Next(trial % 5 == 0 ? int.MaxValue : 1 << 16)) : default;
            SampleEntry[] entries = [.. Enumerable.Range(0, random.Next(70)).Select(_ =>
                new SampleEntry(Some(true), Some(random.Next(2) == 0), Some(random.Next(3) == 0), Some(random.Next(4) == 0)))];
            var table = SampleTable.Of(entries, unit);
            var read = SampleTable.Read(table.AsBytes().ToArray(), entries.Length, unit);
            Assert.Equal(entries, table);
            Assert.Equal(entries, read);
            Assert.True(table.Equals(read));
            for (var i = 0; i < entries.Length; i++)
            {
                Assert.Equal(entries[i], read[i]);
            }
        }
    }

    [Fact]
    public void A_sample_of_a_usual_shard_takes_at_most_12_bytes()
    {
        var (entries, at) = (new List<SampleEntry>(), 0L);
        Member Next(int length)
        {
            var member = new Member(at + 512, length);
            at = (member.End + 511) / 512 * 512;
            return member;
        }

        var random = new Random(1);
        for (var i = 0; i < 10_000; i++)
        {
            var (image, json, text) = (Next(random.Next(5_000, 100_000)), Next(random.Next(200, 2_000)), Next(random.Next(10, 300)));
            entries.Add(new SampleEntry(image, text, json, default));
        }

        Assert.InRange(SampleTable.Of(entries, 512).Size, 0, 12 * entries.Count);
    }

    [Fact]
    public void Damaged_bytes_are_refused_or_give_other_entries_but_nothing_else_happens()
    {
        var entries = Enumerable.Range(1, 40).Select(i => new SampleEntry(new Member(i * 4096, 3000 + i), new Member((i * 4096) + 3584, 20), default, default)).ToList();
        var bytes = SampleTable.Of(entries, 512).AsBytes().ToArray();
        var random = new Random(3);
        for (var trial = 0; trial < 3000; trial++)
        {
            var damaged = bytes[..(trial % 3 == 0 ? random.Next(bytes.Length + 1) : bytes.Length)];
            for (var change = random.Next(4); change > 0 && damaged.Length > 0; change--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            try
            {
                var table = SampleTable.Read(damaged, trial % 7 == 0 ? random.Next(80) : entries.Count, 512);
                Assert.All(table, entry => Assert.True(entry.Image.Offset > 0 && entry.Image.Length >= 0));
            }
            catch (InvalidDataException)
            {
                // refused
            }
        }
    }
}
