using System.Formats.Tar;
using System.Text.Json.Nodes;
using Flip.Data;
using Flip.Data.Images;
using Flip.Data.Shards;
using Flip.Ingest.Downloading;
using Flip.Ingest.Fetching;
using Flip.Ingest.Images;
using Flip.Tests.Conversion.Download;
using Flip.Tests.Ingest.Fetching;
using Parquet;

namespace Flip.Tests.Ingest.Downloading;

public sealed class ShardDownloadTests : IDisposable
{
    private readonly DownloadFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task A_list_becomes_shards_in_its_order_with_tables_and_numbers_as_img2dataset_writes_them()
    {
        var rows = _fixture.GoodRows(25);
        rows[3] = MemoryList.Row(_fixture.Status("/gone", 404), "gone", null, 7, 0.5, "x");
        rows[4] = MemoryList.Row(_fixture.With("/page", context => LoopbackServer.Status(context, 200, "<html>", "text/html")), "a page", null, 8, 1, null);
        rows[5] = rows[5] with { Caption = null };
        var all = rows.Select((row, i) => row.Saved.Count > 0 ? row : MemoryList.Row(row.Url, row.Caption, null, i, 0.25 * i, i == 0 ? null : $"t{i}")).ToList();
        var counts = await _fixture.RunAsync(new MemoryList(all) { SavedColumns = ["ID", "similarity", "LICENSE"] });
        Assert.Equal((25, 23, 1, 1, 3), (counts.Rows, counts.Successes, counts.FailedToDownload, counts.FailedToResize, counts.Shards));
        Assert.Equal(
            ["00000.parquet", "00000.tar", "00000_stats.json", "00001.parquet", "00001.tar", "00001_stats.json", "00002.parquet", "00002.tar", "00002_stats.json", "download.json", "index.flip"],
            _fixture.Bytes("out").Keys);
        var members = Members("00000.tar");
        Assert.Equal(
            ["000000.jpg", "000000.txt", "000000.json", "000001.jpg", "000001.txt", "000001.json", "000002.jpg", "000002.txt", "000002.json", "000005.jpg", "000005.json", "000006.jpg"],
            members.Keys.Take(12));
        Assert.Equal(8 * 3 - 1, members.Count);
        Assert.Equal(5 * 3, Members("00002.tar").Count);
        Assert.Contains("000024.json", Members("00002.tar").Keys);
        Assert.Equal(
            $$"""{"ID":1,"similarity":0.25,"LICENSE":"t1","caption":"image 1","url":"{{_fixture.Good(1)}}","key":"000001","status":"success","error_message":null,"width":16,"height":16"""
            + $$""","original_width":25,"original_height":25,"exif":"{}","sha256":"{{DownloadFixture.Hash(DownloadFixture.Image(1))}}"}""",
            System.Text.Encoding.UTF8.GetString(members["000001.json"]));
        var stats = JsonNode.Parse(File.ReadAllText(_fixture.At("out", "00000_stats.json")))!;
        Assert.Equal(["count", "successes", "failed_to_download", "failed_to_resize", "duration", "start_time", "end_time", "status_dict"], stats.AsObject().Select(field => field.Key));
        Assert.Equal("""{"HTTP Error 404: Not Found":1,"not an image":1,"success":8}""", stats["status_dict"]!.ToJsonString());
        await AssertTableAsync();
        Assert.Equal(23, DataSetIndex.Open(_fixture.At("out", "{00000..00002}.tar")).Count);
    }

    [Fact]
    public async Task Each_cause_is_counted_once_a_row_and_permanent_ones_are_asked_once()
    {
        var (passes, waited) = (0, 0);
        var rows = new List<UrlRow>
        {
            MemoryList.Row(_fixture.Good(0)),
            MemoryList.Row(_fixture.Status("/404", 404)),
            MemoryList.Row(_fixture.Status("/500", 500)),
            MemoryList.Row(_fixture.With("/passes", context => Answer(context, ref passes, 503, null))),
            MemoryList.Row(_fixture.With("/waited", context => Answer(context, ref waited, 429, "0"))),
            MemoryList.Row(_fixture.With("/robots", context =>
            {
                context.Response.Headers["X-Robots-Tag"] = "noimageai";
                _fixture.Send(context, DownloadFixture.Image(0));
            })),
            MemoryList.Row(null),
            MemoryList.Row("file:///etc/passwd"),
            MemoryList.Row(_fixture.Good(1), hash: DownloadFixture.Hash(DownloadFixture.Image(1)).ToUpperInvariant()),
            MemoryList.Row(_fixture.Good(2), hash: new string('0', 64)),
            MemoryList.Row(_fixture.With("/bomb", context => _fixture.Send(context, Data.Images.TestImages.PngHeader(30_000, 30_000)))),
            MemoryList.Row(_fixture.With("/cut", context => _fixture.Send(context, DownloadFixture.Image(0)[..^40]))),
            MemoryList.Row(_fixture.With("/empty", context => _fixture.Send(context, []))),
        };
        var counts = await _fixture.RunAsync(new MemoryList(rows));
        Assert.Equal((13, 4), (counts.Rows, counts.Successes));
        var expected = new Dictionary<string, int>
        {
            ["HTTP Error 404: Not Found"] = 1,
            ["HTTP Error 500: Internal Server Error"] = 1,
            [FetchCause.Robots] = 1,
            [FetchCause.BadUrl] = 2,
            ["hash mismatch"] = 1,
            [BadImageException.TooLarge] = 1,
            [BadImageException.Truncated] = 1,
            [BadImageException.Empty] = 1,
        };
        Assert.Equal(expected.OrderBy(cause => cause.Key), counts.Causes.OrderBy(cause => cause.Key));
        Assert.Equal((1, 3, 3, 3, 1), (Requests("/404"), Requests("/500"), Requests("/passes"), Requests("/waited"), Requests("/robots")));

        void Answer(System.Net.HttpListenerContext context, ref int tries, int status, string? wait)
        {
            if (Interlocked.Increment(ref tries) > 2)
            {
                _fixture.Send(context, DownloadFixture.Image(0));
                return;
            }

            if (wait is not null)
            {
                context.Response.Headers["Retry-After"] = wait;
            }

            LoopbackServer.Status(context, status);
        }
    }

    [Fact]
    public async Task An_address_that_a_range_has_twice_is_fetched_once_and_each_row_has_its_own_caption_and_hash()
    {
        var url = _fixture.Good(0);
        var counts = await _fixture.RunAsync(new MemoryList(
            MemoryList.Row(url, "first"), MemoryList.Row(url, "second"), MemoryList.Row(_fixture.Good(1)), MemoryList.Row(url, "third", new string('0', 64))));
        Assert.Equal((3, 1), (counts.Successes, counts.FailedToDownload));
        Assert.Equal(1, Requests("/good/0.jpg"));
        var members = Members("00000.tar");
        Assert.Equal(members["000000.jpg"], members["000001.jpg"]);
        Assert.Equal(["first", "second"], new[] { "000000.txt", "000001.txt" }.Select(name => System.Text.Encoding.UTF8.GetString(members[name])));
    }

    [Fact]
    public async Task A_range_of_which_nothing_came_is_a_shard_without_samples()
    {
        await _fixture.RunAsync(new MemoryList(MemoryList.Row(_fixture.Status("/gone", 404))));
        Assert.Equal(new byte[1024], File.ReadAllBytes(_fixture.At("out", "00000.tar"))); // a tar's end, where no byte would be no tar
        Assert.Empty(Members("00000.tar"));
    }

    [Fact]
    public async Task What_a_kill_left_is_removed_at_the_end()
    {
        Directory.CreateDirectory(_fixture.At("out", string.Empty));
        foreach (var name in (string[])["00000.tar", "00001.parquet", "00000_stats.json", ".flip", "download.json"])
        {
            File.WriteAllText(_fixture.At("out", $"{name}.0123456789abcdef.tmp"), "x");
        }

        File.WriteAllText(_fixture.At("out", "mine.tmp"), "x");
        await _fixture.RunAsync(new MemoryList(_fixture.GoodRows(2)));
        Assert.Equal(["mine.tmp"], Directory.EnumerateFiles(_fixture.At("out", string.Empty), "*.tmp").Select(file => Path.GetFileName(file)));
    }

    [Fact]
    public async Task A_host_has_as_many_requests_as_it_may()
    {
        _fixture.Latency = TimeSpan.FromMilliseconds(10);
        await _fixture.RunAsync(new MemoryList(_fixture.GoodRows(30)), options: _fixture.Options with { Fetch = _fixture.Options.Fetch with { PerHost = 3 } });
        Assert.InRange(_fixture.MostRunning, 2, 3);
    }

    [Fact]
    public async Task A_stopped_run_goes_on_to_the_same_bytes_and_asks_for_nothing_twice()
    {
        var list = new MemoryList(_fixture.GoodRows(45));
        await _fixture.RunAsync(list, "whole");
        var before = _fixture.Server.Requests.Count;
        _fixture.Latency = TimeSpan.FromMilliseconds(20);
        for (var i = 0; i < 3; i++)
        {
            using var stop = new CancellationTokenSource();
            var (run, asked) = (_fixture.RunAsync(list, "stopped", _fixture.Options with { Concurrency = 2 }, stop.Token), _fixture.Server.Requests.Count);
            while (_fixture.Server.Requests.Count < asked + 8)
            {
                await Task.Delay(5, TestContext.Current.CancellationToken);
            }

            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        }

        Assert.NotEmpty(Directory.EnumerateFiles(_fixture.At("stopped", ".download"), "*.spool"));
        var counts = await _fixture.RunAsync(list, "stopped");
        Assert.InRange(counts.Earlier, 5, 44);
        Assert.Equal(45, counts.Rows);
        Assert.Equal(_fixture.Bytes("whole"), _fixture.Bytes("stopped"));
        Assert.InRange(_fixture.Server.Requests.Count - before, 45, 45 + (3 * 2)); // what was in flight at a stop is asked for again
    }

    [Fact]
    public async Task A_finished_folder_is_left_as_it_is()
    {
        var list = new MemoryList(_fixture.GoodRows(12));
        await _fixture.RunAsync(list);
        var (bytes, before) = (_fixture.Bytes("out"), _fixture.Server.Requests.Count);
        var counts = await _fixture.RunAsync(list);
        Assert.Equal((12, 12, 2, 0), (counts.Rows, counts.Earlier, counts.ShardsBefore, counts.Shards));
        Assert.Equal(before, _fixture.Server.Requests.Count);
        Assert.Equal(bytes, _fixture.Bytes("out"));
    }

    [Fact]
    public async Task Parts_make_the_files_of_one_process()
    {
        var list = new MemoryList(_fixture.GoodRows(45));
        await _fixture.RunAsync(list, "whole");
        for (var part = 1; part <= 3; part++)
        {
            var counts = await _fixture.RunAsync(list, "parts", _fixture.Options with { Part = part, Parts = 3 });
            Assert.Equal(part == 3 ? 1 : 2, counts.Shards);
            Assert.Equal(counts.Rows, new ShardDownload(list, "none", _fixture.Options with { Part = part, Parts = 3 }).Rows);
        }

        new ShardIndexing().Run(ShardPattern.Expand(_fixture.Folder.File("parts"))); // which no part can make, since none knows when all are there
        Assert.Equal(_fixture.Bytes("whole"), _fixture.Bytes("parts"));
    }

    [Fact]
    public async Task A_folder_of_another_list_or_size_is_refused()
    {
        var rows = _fixture.GoodRows(2);
        await _fixture.RunAsync(new MemoryList(rows));
        var list = await Assert.ThrowsAsync<ConfigException>(() => _fixture.RunAsync(new MemoryList(rows) { Identity = "other" }));
        Assert.Contains("list was 'memory' and is 'other'", list.Message, StringComparison.Ordinal);
        var size = await Assert.ThrowsAsync<ConfigException>(() =>
            _fixture.RunAsync(new MemoryList(rows), options: _fixture.Options with { Images = new ImagePreparationOptions { Size = 99 } }));
        Assert.Contains("size was '16' and is '99'", size.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_that_never_answers_is_given_up_and_others_go_on()
    {
        using var silent = new RawServer((_, stream) => Task.Delay(Timeout.Infinite, TestContext.Current.CancellationToken));
        var rows = _fixture.GoodRows(10);
        rows.InsertRange(0, Enumerable.Range(0, 60).Select(i => MemoryList.Row($"http://silent.example:{silent.Port}/{i}")));
        var names = new FakeNames().With("silent.example", ["127.0.0.1"]).With("127.0.0.1", ["127.0.0.1"]);
        var options = _fixture.Options with
        {
            RowsPerShard = 100,
            Retries = 0,
            SilentLimit = 8,
            Fetch = _fixture.Options.Fetch with { Timeout = TimeSpan.FromMilliseconds(1500), PerHost = 4 },
        };
        var counts = await _fixture.RunAsync(new MemoryList(rows), options: options, names: names);
        Assert.Equal((10, 60), (counts.Successes, counts.FailedToDownload));
        Assert.InRange(silent.Requests.Count, 8, 12);
        Assert.Equal(60, counts.Causes.Sum(cause => cause.Value));
        Assert.Equal(FetchCause.HostSilent, counts.Causes[0].Key);
    }

    private int Requests(string path) => _fixture.Server.RequestsOf(path).Count();

    private Dictionary<string, byte[]> Members(string shard)
    {
        using var reader = new TarReader(File.OpenRead(_fixture.At("out", shard)));
        var members = new Dictionary<string, byte[]>();
        while (reader.GetNextEntry(copyData: true) is { } entry)
        {
            var content = new MemoryStream();
            entry.DataStream?.CopyTo(content);
            members.Add(entry.Name, content.ToArray());
        }

        return members;
    }

    private async Task AssertTableAsync()
    {
        await using var reader = await ParquetReader.CreateAsync(_fixture.At("out", "00000.parquet"), cancellationToken: TestContext.Current.CancellationToken);
        var fields = reader.Schema.GetDataFields();
        Assert.Equal(
            ["ID", "similarity", "LICENSE", "caption", "url", "key", "status", "error_message", "width", "height", "original_width", "original_height", "exif", "sha256"],
            fields.Select(field => field.Name));
        Assert.Equal([typeof(long), typeof(double)], fields.Take(2).Select(field => field.ClrType));
        var outcomes = MetadataTable.ReadOutcomes(_fixture.At("out", "00000.parquet"));
        Assert.Equal(10, outcomes.Count);
        Assert.Equal(("failed_to_download", "HTTP Error 404: Not Found", null), (outcomes[3].Status, outcomes[3].Error, outcomes[3].Width));
        Assert.Equal(("failed_to_resize", "not an image", null), (outcomes[4].Status, outcomes[4].Error, outcomes[4].Sha256));
        Assert.Equal(("success", null, 16, 25), (outcomes[1].Status, outcomes[1].Error, outcomes[1].Width, outcomes[1].OriginalWidth));
    }
}
