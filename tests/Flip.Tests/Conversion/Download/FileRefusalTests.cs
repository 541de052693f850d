using Flip.Conversion.Download;

namespace Flip.Tests.Conversion.Download;

/// <summary>One file that does not come, and what is said then.</summary>
public sealed class FileRefusalTests : IDisposable
{
    private readonly RemoteFixture _remote = new();

    public void Dispose() => _remote.Dispose();

    [Fact]
    public async Task Other_content_is_refused_and_removed()
    {
        var other = FakeHub.Bytes(_remote.Content.Length, seed: 5);
        _remote.Server.Answers[RemoteFixture.Path] = context => LoopbackServer.Send(context, other);
        File.WriteAllText(_remote.Folder.File("weights.pt"), "what was here before");
        await _remote.FailsAsync("weights.pt", RemoteFixture.Hash(_remote.Content), RemoteFixture.Hash(other));
        Assert.Equal(["weights.pt"], _remote.Files());
        Assert.Equal("what was here before", File.ReadAllText(_remote.Folder.File("weights.pt")));
        Assert.Single(_remote.Server.Requests);
    }

    [Fact]
    public async Task The_hash_is_of_the_whole_also_after_a_cut()
    {
        var requests = 0;
        _remote.Server.Answers[RemoteFixture.Path] = context =>
        {
            // Another beginning, from a server that names no version.
            var isFirst = requests++ == 0;
            LoopbackServer.Send(context, isFirst ? FakeHub.Bytes(_remote.Content.Length, seed: 9) : _remote.Content, version: null, cutAfter: isFirst ? 600_000 : null);
        };
        await _remote.FailsAsync("expected sha256:" + RemoteFixture.Hash(_remote.Content));
        Assert.Empty(_remote.Files());
    }

    [Fact]
    public async Task A_server_that_stays_busy_is_an_error_in_the_end()
    {
        _remote.Server.Answers[RemoteFixture.Path] = context => LoopbackServer.Status(context, 503, "down for\r\nmaintenance\u001b[2J");
        var error = await _remote.FailsAsync("503", "down for  maintenance", "Tried several times");
        Assert.DoesNotContain('\u001b', error);
        Assert.Equal(4, _remote.Server.Requests.Count);
        Assert.Empty(_remote.Files());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    public async Task A_silent_server_is_left_after_a_while(int sent)
    {
        using var stopped = new ManualResetEventSlim();
        _remote.Server.Answers[RemoteFixture.Path] = context =>
        {
            if (sent > 0)
            {
                context.Response.ContentLength64 = _remote.Content.Length;
                context.Response.OutputStream.Write(_remote.Content, 0, sent);
                context.Response.OutputStream.Flush();
            }

            stopped.Wait(TimeSpan.FromSeconds(30));
        };
        await _remote.FailsAsync(TimeSpan.FromSeconds(0.2), "no answer within");
        stopped.Set();
    }

    [Fact]
    public async Task Nobody_there_is_an_error_that_says_so()
    {
        _remote.Server.Dispose();
        await _remote.FailsAsync("refused");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_endless_file_is_refused(bool isAnnounced)
    {
        _remote.Server.Answers[RemoteFixture.Path] = context =>
        {
            // Without a length nothing bounds it; with one that is no longer than the disk, the disk does.
            context.Response.SendChunked = !isAnnounced;
            if (isAnnounced)
            {
                context.Response.ContentLength64 = long.MaxValue;
            }

            for (var i = 0; i < 1000; i++)
            {
                context.Response.OutputStream.Write(_remote.Content);
            }
        };
        await _remote.FailsAsync(isAnnounced ? "are still to come" : "does not say how long");
        Assert.True(_remote.Files().All(name => new FileInfo(_remote.Folder.File(name)).Length < 1000));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task More_than_was_listed_is_refused(bool isAnnounced)
    {
        using var hub = new FakeHub();
        hub.List("x.pt", 1000, new string('b', 40));
        var sent = 0L;
        hub.Server.Answers[FakeHub.PathOf("x.pt")] = context =>
        {
            context.Response.SendChunked = !isAnnounced;
            if (isAnnounced)
            {
                context.Response.ContentLength64 = 2000;
                context.Response.OutputStream.Write(_remote.Content, 0, 2000);
                context.Response.Close();
                return;
            }

            for (var i = 0; i < 200; i++)
            {
                context.Response.OutputStream.Write(_remote.Content, 0, 500_000);
                sent += 500_000;
            }
        };
        var error = await Assert.ThrowsAsync<DownloadException>(() => _remote.Download(hub.Server.Url).FromHubAsync(FakeHub.Name, "main", _remote.Folder.Path));
        Assert.Contains(isAnnounced ? "announces 2000 bytes, expected are 1000" : "more than the 1000 bytes", error.Message, StringComparison.Ordinal);
        Assert.Empty(_remote.Files());
        Assert.InRange(sent, 0, 90_000_000);
    }

    [Fact]
    public async Task Less_than_was_listed_is_an_error_in_the_end()
    {
        using var hub = new FakeHub();
        hub.List("x.pt", 1000, new string('b', 40));
        hub.Server.Answers[FakeHub.PathOf("x.pt")] = context =>
        {
            context.Response.SendChunked = true;
            context.Response.OutputStream.Write(_remote.Content, 0, 600);
            context.Response.Close();
        };
        var error = await Assert.ThrowsAsync<DownloadException>(() => _remote.Download(hub.Server.Url).FromHubAsync(FakeHub.Name, "main", _remote.Folder.Path));
        Assert.Contains("ended after 600 of 1000 bytes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_address_without_encryption_is_asked()
    {
        var error = await Assert.ThrowsAsync<DownloadException>(
            () => _remote.Download().FromUrlAsync(new Uri("http://user:pass@example.invalid/x.pt?key=1"), RemoteFixture.Hash(_remote.Content), _remote.Folder.Path));
        Assert.Contains("http://example.invalid/x.pt: not encrypted", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("pass", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("key", error.Message, StringComparison.Ordinal);
    }
}
