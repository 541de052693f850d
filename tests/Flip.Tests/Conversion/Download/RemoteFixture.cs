using System.Security.Cryptography;
using Flip.Conversion.Download;

namespace Flip.Tests.Conversion.Download;

/// <summary>A file on a server, and a folder that it is brought to.</summary>
internal sealed class RemoteFixture : IDisposable
{
    public const string Path = "/weights.pt";

    public TemporaryFolder Folder { get; } = new();

    public LoopbackServer Server { get; } = new();

    public byte[] Content { get; } = FakeHub.Bytes(2_000_000);

    public List<string> Notices { get; } = [];

    public void Dispose()
    {
        Server.Dispose();
        Folder.Dispose();
    }

    public static string Hash(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    public ModelDownload Download(Uri? hub = null, TimeSpan? patience = null, IProgress<DownloadProgress>? progress = null) => new(new DownloadOptions
    {
        Hub = hub ?? Server.Url,
        Retries = 3,
        RetryDelay = TimeSpan.FromMilliseconds(1),
        Patience = patience ?? TimeSpan.FromSeconds(10),
        Notice = Notices.Add,
        Progress = progress,
    });

    public Task<DownloadedModel> BringAsync(
        TimeSpan? patience = null, byte[]? content = null, IProgress<DownloadProgress>? progress = null, CancellationToken cancellation = default) =>
        Download(null, patience, progress).FromUrlAsync(new Uri(Server.Url, Path), Hash(content ?? Content), Folder.Path, cancellation);

    public Task<string> FailsAsync(params string[] expected) => FailsAsync(null, expected);

    public async Task<string> FailsAsync(TimeSpan? patience, params string[] expected)
    {
        var error = await Assert.ThrowsAsync<DownloadException>(() => BringAsync(patience));
        Assert.All(expected, part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
        return error.Message;
    }

    public void AssertWhole()
    {
        Assert.Equal(Content, File.ReadAllBytes(Folder.File("weights.pt")));
        Assert.Equal(["weights.pt"], Files());
    }

    public IEnumerable<string> Files() => Directory.EnumerateFiles(Folder.Path).Select(file => System.IO.Path.GetFileName(file)).Order(StringComparer.Ordinal);

    public sealed class Recorder(Action<DownloadProgress> record) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value) => record(value);
    }
}
