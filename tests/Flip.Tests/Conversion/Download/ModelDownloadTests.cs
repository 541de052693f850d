using System.Text;
using Flip.Conversion.Download;

namespace Flip.Tests.Conversion.Download;

public sealed class ModelDownloadTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeHub _hub = new();
    private readonly List<string> _notices = [];

    public void Dispose()
    {
        _hub.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_model_is_brought_in_one_revision_and_checked()
    {
        var weights = _hub.Add("model.safetensors", FakeHub.Bytes(3_000_000), isLarge: true);
        var config = _hub.Add("config.json", """{"a":1}""");
        _hub.Add("README.md", "read");
        _hub.Add("pytorch_model.bin", "not this form too");
        _hub.Add("tf_model.h5", "nor this");
        _hub.Add("onnx/config.json", "nor that");
        var reported = new List<DownloadProgress>();
        var model = await Download(progress: new Recorder(reported.Add)).FromHubAsync(FakeHub.Name, "main", _folder.Path);

        Assert.Equal(FakeHub.Commit, model.Revision);
        Assert.Equal(["README.md", "config.json", "model.safetensors"], Files());
        Assert.Equal(weights, File.ReadAllBytes(_folder.File("model.safetensors")));
        Assert.Equal(config, File.ReadAllBytes(_folder.File("config.json")));
        Assert.All(model.Files, file => Assert.False(file.WasPresent));
        var total = weights.Length + config.Length + 4;
        Assert.Equal(total, reported[^1].TotalBytes);
        Assert.Equal(total, reported[^1].Bytes);
        Assert.Equal(reported.Select(progress => progress.Bytes).Order(), reported.Select(progress => progress.Bytes));

        // The second time nothing is asked for but the listing; a file that has changed comes again.
        File.WriteAllText(_folder.File("README.md"), "reap");
        var again = await Download().FromHubAsync(FakeHub.Name, "main", _folder.Path);
        Assert.Equal(["README.md"], again.Files.Where(file => !file.WasPresent).Select(file => file.Name));
        Assert.Equal("read", File.ReadAllText(_folder.File("README.md")));
        Assert.Single(_hub.Server.RequestsOf(FakeHub.PathOf("model.safetensors")));
    }

    [Fact]
    public async Task Weights_in_several_files_come_with_their_index()
    {
        _hub.Add("config.json", "{}");
        _hub.Add("model.safetensors.index.json", """{"weight_map":{"a":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors","c":"model-00001-of-00002.safetensors"}}""");
        _hub.Add("model-00001-of-00002.safetensors", FakeHub.Bytes(1000, 1), isLarge: true);
        _hub.Add("model-00002-of-00002.safetensors", FakeHub.Bytes(1000, 2), isLarge: true);
        _hub.Add("model-00003-of-00003.safetensors", FakeHub.Bytes(1000, 3), isLarge: true);
        var model = await Download().FromHubAsync(FakeHub.Name, "main", _folder.Path);
        Assert.Equal(
            ["config.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json"], Files());
        Assert.All(model.Files, file => Assert.False(file.WasPresent));
    }

    [Theory]
    [InlineData("open_clip_model.safetensors", "model.safetensors", "open_clip_pytorch_model.bin")]
    [InlineData("model.safetensors", "pytorch_model.bin", "x.pt")]
    [InlineData("open_clip_pytorch_model.bin", "pytorch_model.bin", "x.pt")]
    [InlineData("pytorch_model.bin", "x.pt", "README.md")]
    [InlineData("x.pt", "training/y.pt", "README.md")]
    public async Task The_best_form_of_the_weights_is_taken(string expected, params string[] others)
    {
        foreach (var name in (string[])[.. others, expected])
        {
            _hub.Add(name, name);
        }

        await Download().FromHubAsync(FakeHub.Name, "main", _folder.Path);
        Assert.Equal([expected], Files().Where(name => name != "README.md"));
    }

    [Fact]
    public async Task A_listing_may_have_several_pages()
    {
        _hub.Add("config.json", "{}");
        var first = _hub.Server.Answers[$"/api/models/flip/tiny/tree/{FakeHub.Commit}"];
        _hub.Server.Answers[$"/api/models/flip/tiny/tree/{FakeHub.Commit}"] = context =>
        {
            if (context.Request.QueryString["cursor"] is null)
            {
                context.Response.Headers["Link"] = $"<{_hub.Server.Url}api/models/flip/tiny/tree/{FakeHub.Commit}?recursive=true&cursor=x>; rel=\"next\"";
                LoopbackServer.Status(context, 200, "[]", "application/json");
            }
            else
            {
                first(context);
            }
        };
        _hub.Add("x.pt", "weights");
        await Download().FromHubAsync(FakeHub.Name, "main", _folder.Path);
        Assert.Equal(["config.json", "x.pt"], Files());
    }

    [Fact]
    public async Task The_token_goes_to_the_hub_and_not_to_the_host_it_redirects_to()
    {
        using var other = new LoopbackServer();
        var content = FakeHub.Bytes(1000);
        other.Answers["/blob"] = context => LoopbackServer.Send(context, content);
        _hub.Add("model.safetensors", content, isLarge: true, context => LoopbackServer.Redirect(context, other.Url + "blob?signature=1"));
        _hub.Add("config.json", Encoding.UTF8.GetBytes("{}"), answer: context => LoopbackServer.Redirect(context, "/moved"));
        _hub.Server.Answers["/moved"] = context => LoopbackServer.Send(context, Encoding.UTF8.GetBytes("{}"));
        await Download(token: "secret").FromHubAsync(FakeHub.Name, "main", _folder.Path);
        Assert.Null(Assert.Single(other.Requests).Authorization);
        Assert.All(_hub.Server.Requests, request => Assert.Equal("Bearer secret", request.Authorization));
        Assert.Single(_hub.Server.RequestsOf("/moved"));
    }

    [Fact]
    public async Task A_redirect_out_of_encryption_or_in_a_circle_is_refused()
    {
        _hub.Add("x.pt", FakeHub.Bytes(10), answer: context => LoopbackServer.Redirect(context, "http://example.invalid/x.pt"));
        await Fails("not encrypted", "http://example.invalid/x.pt");
        _hub.Server.Answers[FakeHub.PathOf("x.pt")] = context => LoopbackServer.Redirect(context, context.Request.RawUrl!);
        await Fails("more than 10 redirects");
    }

    [Theory]
    [InlineData("../x.pt")]
    [InlineData("/etc/x.pt")]
    [InlineData("a/../../x.pt")]
    [InlineData("..\\x.pt")]
    [InlineData("C:\\x.pt")]
    [InlineData("a//x.pt")]
    public async Task Names_that_lead_out_of_the_folder_are_refused(string name)
    {
        _hub.List(name, 10, new string('b', 40));
        _hub.Add("model.safetensors", "weights");
        await Fails("leads out of the folder");
        Assert.Empty(Files());
    }

    [Theory]
    [InlineData("x\u001b[2J.pt")]
    [InlineData("weights:stream.pt")]
    public async Task Names_that_no_file_system_takes_are_refused(string name)
    {
        _hub.List(name, 10, new string('b', 40));
        Assert.DoesNotContain('\u001b', await Fails("cannot be put into"));
        Assert.Empty(Files());
    }

    [Theory]
    [InlineData("../../model.safetensors")]
    [InlineData("other.safetensors")]
    [InlineData("config.json")]
    public async Task An_index_may_name_only_weights_of_the_repository(string shard)
    {
        _hub.Add("config.json", "{}");
        _hub.Add("model.safetensors.index.json", "{\"weight_map\":{\"a\":\"" + shard + "\"}}");
        await Fails("no file of weights in the repository", shard);
    }

    [Fact]
    public async Task What_is_not_found_says_what_to_check()
    {
        _hub.Server.Answers["/api/models/flip/tiny/revision/none"] = context =>
            LoopbackServer.Status(context, 404, """{"error":"Invalid rev id: none"}""", "application/json");
        await Fails("none", "404", "Invalid rev id: none", "Check the name flip/tiny, the revision none and the hub");
        _hub.List("x.pt", 10, new string('b', 40));
        await Fails("main", "404", "nothing here", "x.pt");
    }

    [Theory]
    [InlineData(401, null, "set HF_TOKEN to a token")]
    [InlineData(403, null, "accept the terms at")]
    [InlineData(403, "secret", "The token of HF_TOKEN was sent")]
    public async Task A_gated_model_asks_for_a_token(int status, string? token, string expected)
    {
        _hub.Add("x.pt", FakeHub.Bytes(10), answer: context =>
        {
            context.Response.Headers["X-Error-Message"] = "Access to model flip/tiny is restricted.";
            LoopbackServer.Status(context, status, "<html>long</html>", "text/html");
        });
        var error = await Assert.ThrowsAsync<DownloadException>(() => Download(token).FromHubAsync(FakeHub.Name, "main", _folder.Path));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("Access to model flip/tiny is restricted.", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("html", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hub_that_is_none_and_a_model_without_weights_are_named()
    {
        _hub.Add("flax_model.msgpack", "x");
        await Fails("no weights that Flip reads", "flax_model.msgpack");
        _hub.Add("a.pt", "x");
        _hub.Add("b.pt", "x");
        await Fails("several files of weights", "a.pt, b.pt", "--sha256");
        foreach (var answer in (string[])["<html>", "{}", """{"sha":"../.."}"""])
        {
            _hub.Server.Answers["/api/models/flip/tiny/revision/main"] = context => LoopbackServer.Status(context, 200, answer);
            await Fails("the answer is not a hub's");
        }
    }

    [Fact]
    public async Task A_listing_without_sizes_or_hashes_is_refused()
    {
        _hub.List("x.pt", -5, new string('b', 40));
        await Fails("without path, size or hash");
        using var other = new FakeHub();
        other.List("x.pt", 5, "no hash");
        var error = await Assert.ThrowsAsync<DownloadException>(() => Download(hub: other).FromHubAsync(FakeHub.Name, "main", _folder.Path));
        Assert.Contains("without path, size or hash", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_disk_is_noticed_before_anything_comes()
    {
        _hub.Add("x.pt", FakeHub.Bytes(5 << 20), isLarge: true);
        var error = await Assert.ThrowsAsync<DownloadException>(() => Download(freeSpace: 2 << 20).FromHubAsync(FakeHub.Name, "main", _folder.Path));
        Assert.Contains("5 MiB are still to come, and the disk has 2 MiB free", error.Message, StringComparison.Ordinal);
        Assert.Empty(_hub.Server.RequestsOf(FakeHub.PathOf("x.pt")));

        // A size beyond all disks does not overflow.
        _hub.List("model.safetensors", long.MaxValue, new string('b', 40));
        _hub.List("config.json", long.MaxValue, new string('b', 40));
        await Fails("are still to come");
    }

    private ModelDownload Download(string? token = null, FakeHub? hub = null, IProgress<DownloadProgress>? progress = null, long? freeSpace = null)
    {
        var options = new DownloadOptions
        {
            Hub = (hub ?? _hub).Server.Url,
            Token = token,
            Progress = progress,
            Notice = _notices.Add,
            RetryDelay = TimeSpan.FromMilliseconds(1),
            Patience = TimeSpan.FromSeconds(10),
        };
        return new ModelDownload(freeSpace is { } free ? options with { FreeSpace = _ => free } : options);
    }

    private async Task<string> Fails(params string[] expected)
    {
        var revision = expected[0] == "none" ? "none" : "main";
        var error = await Assert.ThrowsAsync<DownloadException>(() => Download().FromHubAsync(FakeHub.Name, revision, _folder.Path));
        Assert.All(expected, part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
        return error.Message;
    }

    private IEnumerable<string> Files() => Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(_folder.Path, file)).Order(StringComparer.Ordinal);

    private sealed class Recorder(Action<DownloadProgress> record) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value) => record(value);
    }
}
