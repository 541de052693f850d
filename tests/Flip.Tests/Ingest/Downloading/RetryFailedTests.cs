using Flip.Ingest.Downloading;
using Flip.Tests.Conversion.Download;

namespace Flip.Tests.Ingest.Downloading;

public sealed class RetryFailedTests : IDisposable
{
    private readonly DownloadFixture _fixture = new();
    private bool _isDown = true;

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Rows_that_failed_for_a_passing_cause_are_fetched_alone_and_take_their_places()
    {
        var list = Broken();
        var counts = await _fixture.RunAsync(list);
        Assert.Equal((21, 7, 2), (counts.Successes, counts.FailedToDownload, counts.FailedToResize));
        _isDown = false;
        var before = _fixture.Server.Requests.Count;
        counts = await _fixture.RunAsync(list, options: _fixture.Options with { Retry = RetryFailed.Passing });
        Assert.Equal((4, 0, 26, 2, 1), (counts.Successes, counts.FailedToDownload, counts.Earlier, counts.Shards, counts.ShardsBefore)); // those of 503 alone
        Assert.Equal(4, _fixture.Server.Requests.Count - before);
        await _fixture.RunAsync(list, "good");
        Assert.Equal(_fixture.Bytes("good"), _fixture.Bytes("out"));
    }

    [Fact]
    public async Task All_that_failed_are_fetched_where_that_is_asked()
    {
        var list = Broken();
        await _fixture.RunAsync(list);
        _isDown = false;
        _fixture.Good(7); // gone before, and back
        var before = _fixture.Server.Requests.Count;
        var counts = await _fixture.RunAsync(list, options: _fixture.Options with { Retry = RetryFailed.All });
        Assert.Equal((5, 2, 2), (counts.Successes, counts.FailedToDownload, counts.FailedToResize));
        Assert.Equal(9, _fixture.Server.Requests.Count - before);
    }

    [Fact]
    public async Task What_fails_again_leaves_the_shard_as_it_was()
    {
        var list = Broken();
        await _fixture.RunAsync(list);
        var bytes = _fixture.Bytes("out");
        await _fixture.RunAsync(list, options: _fixture.Options with { Retry = RetryFailed.Passing });
        Assert.Equal(bytes, _fixture.Bytes("out"));
    }

    /// <summary>As after a kill between the shard's files: the spool of the retry is there, whatever was written.</summary>
    [Theory]
    [InlineData("00000.tar")]
    [InlineData("00000.parquet")]
    [InlineData("00000_stats.json")]
    public async Task A_retry_that_was_killed_while_it_wrote_is_brought_to_its_end_by_any_later_run(string newest)
    {
        var list = Broken();
        await _fixture.RunAsync(list);
        TemporaryFolder.Copy(_fixture.At("out", string.Empty), _fixture.At("old", string.Empty));
        _isDown = false;

        // The spool of the first shard as the retry leaves it just before it ends.
        var names = new ShardNames(_fixture.At("old", string.Empty), 10);
        Directory.CreateDirectory(names.Work);
        await _fixture.RunAsync(list, options: _fixture.Options with { Retry = RetryFailed.Passing });
        using (var good = FinishedShard.Open(names, 0, Rows(list), MetadataTable.ReadOutcomes(names.Table(0))).Tar)
        using (var spool = ShardSpool.Open(names.RetrySpool(0), 10, (_, _, _) => { }))
        {
            var now = new ShardNames(_fixture.At("out", string.Empty), 10);
            var shard = FinishedShard.Open(now, 0, Rows(list), MetadataTable.ReadOutcomes(now.Table(0)));
            foreach (var row in new[] { 3, 9 })
            {
                spool.Add(row, shard.Outcomes[row], shard.Images[row]!.Value.Read());
            }

            shard.Tar.Dispose();
        }

        // The files up to the newest are the new ones.
        foreach (var file in new[] { "00000.tar", "00000.parquet", "00000_stats.json" }.TakeWhile(file => file != newest).Append(newest))
        {
            File.Copy(_fixture.At("out", file), _fixture.At("old", file), overwrite: true);
        }

        await _fixture.RunAsync(list, "old");
        Assert.Equal(_fixture.Bytes("out")["00000.tar"], _fixture.Bytes("old")["00000.tar"]);
        Assert.Equal(_fixture.Bytes("out")["00000.parquet"], _fixture.Bytes("old")["00000.parquet"]);
        Assert.Equal(_fixture.Bytes("out")["00000_stats.json"], _fixture.Bytes("old")["00000_stats.json"]);
        Assert.False(File.Exists(names.RetrySpool(0)));
    }

    private static IReadOnlyList<UrlRow> Rows(MemoryList list) => [.. list.Read(0, CancellationToken.None).Take(10)];

    /// <summary>30 rows: 4 of a server that is down in the first and the last range, 3 gone and 2 pages in the second.</summary>
    private MemoryList Broken()
    {
        var rows = _fixture.GoodRows(30);
        foreach (var row in (int[])[3, 9, 20, 29])
        {
            var image = DownloadFixture.Image(row);
            rows[row] = rows[row] with
            {
                Url = _fixture.With($"/down/{row}", context =>
                {
                    if (_isDown)
                    {
                        LoopbackServer.Status(context, 503);
                    }
                    else
                    {
                        _fixture.Send(context, image);
                    }
                }),
            };
        }

        foreach (var row in (int[])[11, 12, 17])
        {
            rows[row] = rows[row] with { Url = _fixture.Good(row == 17 ? 7 : 100 + row) };
            _fixture.Status(row == 17 ? "/good/7.jpg" : $"/good/{100 + row}.jpg", 404);
        }

        rows[7] = MemoryList.Row(_fixture.Good(70));
        foreach (var row in (int[])[13, 18])
        {
            rows[row] = rows[row] with { Url = _fixture.With($"/page/{row}", context => _fixture.Send(context, "<html>"u8.ToArray())) };
        }

        return new MemoryList(rows);
    }
}
