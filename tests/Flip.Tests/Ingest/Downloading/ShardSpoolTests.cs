using Flip.Ingest.Downloading;

namespace Flip.Tests.Ingest.Downloading;

public sealed class ShardSpoolTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Entries_come_back_with_their_images()
    {
        Write(5);
        var found = Read();
        Assert.Equal([0, 1, 2, 3, 4], found.Select(entry => entry.Row));
        Assert.All(found, entry => Assert.Equal(entry.Row % 2 == 0 ? Image(entry.Row) : null, entry.Image));
        Assert.All(found, entry => Assert.Equal(Outcome(entry.Row), entry.Outcome));
    }

    [Fact]
    public void A_torn_tail_is_cut_wherever_it_is_torn_and_what_follows_is_appended_behind_the_whole_ones()
    {
        Write(3);
        var whole = File.ReadAllBytes(_folder.File("spool"));
        Write(2);
        var two = new FileInfo(_folder.File("spool")).Length;
        for (var length = two; length < whole.Length; length += 7)
        {
            File.WriteAllBytes(_folder.File("spool"), whole[..(int)length]);
            Assert.Equal([0, 1], Read().Select(entry => entry.Row));
            Assert.Equal(two, new FileInfo(_folder.File("spool")).Length);
            using (var spool = ShardSpool.Open(_folder.File("spool"), 10, (_, _, _) => { }))
            {
                spool.Add(9, Outcome(9), default);
            }

            Assert.Equal([0, 1, 9], Read().Select(entry => entry.Row));
        }
    }

    [Fact]
    public void A_flipped_bit_ends_what_is_taken()
    {
        Write(3);
        var whole = File.ReadAllBytes(_folder.File("spool"));
        for (var at = 0; at < whole.Length; at += 11)
        {
            var damaged = whole.ToArray();
            damaged[at] ^= 4;
            File.WriteAllBytes(_folder.File("spool"), damaged);
            var found = Read();
            Assert.InRange(found.Count, 0, 2);
            Assert.All(found, entry => Assert.Equal(Outcome(entry.Row), entry.Outcome));
        }
    }

    private static byte[] Image(int row) => [.. Enumerable.Range(0, 50 + row).Select(i => (byte)(i * row))];

    private static RowOutcome Outcome(int row) => row % 2 == 0
        ? new RowOutcome { Status = RowOutcome.Success, Width = row, Height = 2, OriginalWidth = 3, OriginalHeight = 4, Exif = "{}", Sha256 = "ab", Extension = "jpg" }
        : RowOutcome.Failed(RowOutcome.FailedToDownload, "timed out");

    private void Write(int rows)
    {
        File.Delete(_folder.File("spool"));
        using var spool = ShardSpool.Open(_folder.File("spool"), 10, (_, _, _) => Assert.Fail("it is new"));
        for (var row = 0; row < rows; row++)
        {
            var place = spool.Add(row, Outcome(row), row % 2 == 0 ? Image(row) : default);
            Assert.Equal(row % 2 == 0 ? Image(row) : null, place?.Read());
        }
    }

    private List<(int Row, RowOutcome Outcome, byte[]? Image)> Read()
    {
        var found = new List<(int, RowOutcome, byte[]?)>();
        ShardSpool.Open(_folder.File("spool"), 10, (row, outcome, image) => found.Add((row, outcome, image?.Read()))).Dispose();
        return found;
    }
}
