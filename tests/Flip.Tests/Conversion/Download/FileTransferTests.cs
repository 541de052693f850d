namespace Flip.Tests.Conversion.Download;

/// <summary>One file that comes in the end, whatever the server does.</summary>
public sealed class FileTransferTests : IDisposable
{
    private readonly RemoteFixture _remote = new();

    public void Dispose() => _remote.Dispose();

    [Theory]
    [InlineData("\"v1\"")]
    [InlineData("W/\"v1\"")]
    [InlineData(null)]
    public async Task After_a_cut_only_the_rest_is_asked_for(string? version)
    {
        var requests = 0;
        _remote.Server.Answers[RemoteFixture.Path] = context => LoopbackServer.Send(context, _remote.Content, version, cutAfter: requests++ < 2 ? 600_000 : null);
        await _remote.BringAsync();
        _remote.AssertWhole();
        var seen = _remote.Server.Requests;
        Assert.Equal(3, seen.Count);
        Assert.Null(seen[0].Range);

        // What is kept is what came before the cut, which may be less than was sent.
        var offsets = seen.Skip(1).Select(request => int.Parse(request.Range!["bytes=".Length..^1], null)).ToList();
        Assert.InRange(offsets[0], 1, 600_000);
        Assert.InRange(offsets[1], offsets[0] + 1, 1_200_000);
        Assert.All(seen.Skip(1), request => Assert.Equal(version == "\"v1\"" ? version : null, request.IfRange));
        Assert.Equal(2, _remote.Notices.Count);
        Assert.Contains("trying again", _remote.Notices[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_without_ranges_starts_over()
    {
        var requests = 0;
        _remote.Server.Answers[RemoteFixture.Path] = context => LoopbackServer.Send(context, _remote.Content, knowsRanges: false, cutAfter: requests++ == 0 ? 600_000 : null);
        await _remote.BringAsync();
        _remote.AssertWhole();
        Assert.NotNull(_remote.Server.Requests[1].Range);
    }

    [Fact]
    public async Task A_file_that_changed_meanwhile_starts_over()
    {
        var old = FakeHub.Bytes(_remote.Content.Length, seed: 9);
        var requests = 0;
        _remote.Server.Answers[RemoteFixture.Path] = context =>
        {
            var isFirst = requests++ == 0;
            LoopbackServer.Send(context, isFirst ? old : _remote.Content, isFirst ? "\"v1\"" : "\"v2\"", cutAfter: isFirst ? 600_000 : null);
        };
        await _remote.BringAsync();
        _remote.AssertWhole();
        Assert.Equal("\"v1\"", _remote.Server.Requests[1].IfRange);
    }

    [Theory]
    [InlineData("weights.pt.part", true)]
    [InlineData("weights.pt.part", false)]
    [InlineData("weights.pt.part.json", false)]
    [InlineData("weights.pt", false)]
    public async Task What_comes_is_not_written_through_links(string name, bool hard)
    {
        using var bystander = new Bystander();
        File.WriteAllText(_remote.Folder.File("weights.pt.part.json"), $$"""{"Digest":"sha256:{{RemoteFixture.Hash(_remote.Content)}}","Version":"\"v1\""}""");
        File.Delete(_remote.Folder.File(name));
        Lure(bystander.File, _remote.Folder.File(name), hard);
        _remote.Server.Answers[RemoteFixture.Path] = context => LoopbackServer.Send(context, _remote.Content, "\"v1\"");
        await _remote.BringAsync();
        _remote.AssertWhole();
        Assert.Null(new FileInfo(_remote.Folder.File("weights.pt")).LinkTarget);
        bystander.AssertUntouched();
    }

    private static void Lure(string target, string path, bool hard)
    {
        if (hard)
        {
            Bystander.MakeHardLink(target, path);
        }
        else
        {
            Bystander.LinkTo(target, path);
        }
    }

    [Fact]
    public async Task A_stopped_call_is_continued_by_the_next()
    {
        using var cancel = new CancellationTokenSource();
        using var stopped = new ManualResetEventSlim();
        _remote.Server.Answers[RemoteFixture.Path] = context =>
        {
            context.Response.Headers["ETag"] = "\"v1\"";
            context.Response.ContentLength64 = _remote.Content.Length;
            context.Response.OutputStream.Write(_remote.Content, 0, 700_000);
            context.Response.OutputStream.Flush();
            stopped.Wait(TimeSpan.FromSeconds(30));
            context.Response.Abort();
        };
        var progress = new RemoteFixture.Recorder(state =>
        {
            if (state.Bytes == 700_000)
            {
                cancel.Cancel();
            }
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _remote.BringAsync(progress: progress, cancellation: cancel.Token));
        stopped.Set();
        Assert.Equal(_remote.Content[..700_000], File.ReadAllBytes(_remote.Folder.File("weights.pt.part")));
        Assert.False(File.Exists(_remote.Folder.File("weights.pt")));

        _remote.Server.Answers[RemoteFixture.Path] = context => LoopbackServer.Send(context, _remote.Content);
        await _remote.BringAsync();
        _remote.AssertWhole();
        Assert.Equal("bytes=700000-", _remote.Server.Requests[^1].Range);
    }

    [Fact]
    public async Task A_call_stopped_while_it_checked_asks_for_nothing_more()
    {
        using var cancel = new CancellationTokenSource();
        _remote.Server.Answers[RemoteFixture.Path] = context => LoopbackServer.Send(context, _remote.Content);
        var progress = new RemoteFixture.Recorder(state =>
        {
            if (state.IsChecking && state.Bytes > 0)
            {
                cancel.Cancel();
            }
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _remote.BringAsync(progress: progress, cancellation: cancel.Token));
        Assert.Equal(_remote.Content.Length, new FileInfo(_remote.Folder.File("weights.pt.part")).Length);
        await _remote.BringAsync();
        _remote.AssertWhole();
        Assert.Equal(2, _remote.Server.Requests.Count);
    }

    [Fact]
    public async Task A_part_of_another_file_is_not_continued()
    {
        _remote.Server.Answers[RemoteFixture.Path] = context => LoopbackServer.Send(context, _remote.Content);
        File.WriteAllBytes(_remote.Folder.File("weights.pt.part"), [1, 2, 3]);
        File.WriteAllText(_remote.Folder.File("weights.pt.part.json"), """{"Digest":"sha256:00","Version":"\"v1\""}""");
        await _remote.BringAsync();
        _remote.AssertWhole();
        File.Delete(_remote.Folder.File("weights.pt"));
        File.WriteAllBytes(_remote.Folder.File("weights.pt.part"), [1, 2, 3]);
        File.WriteAllText(_remote.Folder.File("weights.pt.part.json"), "{");
        await _remote.BringAsync();
        _remote.AssertWhole();
        Assert.All(_remote.Server.Requests, request => Assert.Null(request.Range));
    }

    [Theory]
    [InlineData(503)]
    [InlineData(429)]
    [InlineData(500)]
    public async Task A_busy_server_is_asked_again(int status)
    {
        var requests = 0;
        _remote.Server.Answers[RemoteFixture.Path] = context =>
        {
            if (requests++ < 3)
            {
                context.Response.Headers["Retry-After"] = "0";
                LoopbackServer.Status(context, status, "overloaded");
            }
            else
            {
                LoopbackServer.Send(context, _remote.Content);
            }
        };
        await _remote.BringAsync();
        _remote.AssertWhole();
        Assert.Equal(3, _remote.Notices.Count(notice => notice.Contains("overloaded", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task An_empty_file_is_a_file()
    {
        _remote.Server.Answers[RemoteFixture.Path] = context => LoopbackServer.Send(context, []);
        await _remote.BringAsync(content: []);
        Assert.Empty(File.ReadAllBytes(_remote.Folder.File("weights.pt")));
    }
}
