using System.Net;
using System.Security.Cryptography;
using Flip.Ingest.Downloading;
using Flip.Ingest.Fetching;
using Flip.Ingest.Images;
using Flip.Tests.Conversion.Download;
using Flip.Tests.Data.Images;
using SkiaSharp;

namespace Flip.Tests.Ingest.Downloading;

/// <summary>A server with images, and folders that lists are downloaded to.</summary>
internal sealed class DownloadFixture : IDisposable
{
    private int _running;

    public TemporaryFolder Folder { get; } = new();

    public LoopbackServer Server { get; } = new();

    /// <summary>Most requests that the server had at a time.</summary>
    public int MostRunning { get; private set; }

    /// <summary>Time that each image takes.</summary>
    public TimeSpan Latency { get; set; }

    /// <summary>A few rows a shard, quick retries.</summary>
    public ShardDownloadOptions Options { get; set; } = new()
    {
        RowsPerShard = 10,
        Concurrency = 16,
        RetryDelay = TimeSpan.FromMilliseconds(1),
        LongestWait = TimeSpan.FromMilliseconds(200),
        Fetch = new FetchOptions { AllowPrivate = true, Timeout = TimeSpan.FromSeconds(10), PerHost = 8 },
        Images = new ImagePreparationOptions { Size = 16 },
    };

    public void Dispose()
    {
        Server.Dispose();
        Folder.Dispose();
    }

    public string At(string folder, string name) => Path.Combine(Folder.Path, folder, name);

    public static byte[] Image(int number, int side = 24) => TestImages.Encode(side + (number % 7), side + (number % 5), SKEncodedImageFormat.Jpeg);

    public static string Hash(byte[] file) => Convert.ToHexStringLower(SHA256.HashData(file));

    /// <summary>The address of an image that the server has.</summary>
    public string Good(int number)
    {
        var path = $"/good/{number}.jpg";
        Server.Answers[path] = context => Send(context, Image(number));
        return new Uri(Server.Url, path).AbsoluteUri;
    }

    /// <summary>An address with an answer of its own.</summary>
    public string With(string path, Action<HttpListenerContext> answer)
    {
        Server.Answers[path] = answer;
        return new Uri(Server.Url, path).AbsoluteUri;
    }

    public string Status(string path, int status) => With(path, context => LoopbackServer.Status(context, status));

    public void Send(HttpListenerContext context, byte[] file)
    {
        lock (Folder)
        {
            MostRunning = Math.Max(MostRunning, ++_running);
        }

        try
        {
            Thread.Sleep(Latency);
            context.Response.Close(file, willBlock: true);
        }
        finally
        {
            lock (Folder)
            {
                _running--;
            }
        }
    }

    /// <summary>Rows of images that the server has.</summary>
    public List<UrlRow> GoodRows(int count) => [.. Enumerable.Range(0, count).Select(i => MemoryList.Row(Good(i), $"image {i}"))];

    public async Task<DownloadCounts> RunAsync(IUrlList list, string folder = "out", ShardDownloadOptions? options = null, CancellationToken? cancellation = null, IHostResolver? names = null)
    {
        var download = new ShardDownload(list, At(folder, string.Empty), options ?? Options, names);
        var result = await download.RunAsync(cancellation ?? TestContext.Current.CancellationToken);
        return result.Counts;
    }

    /// <summary>All files of a folder but for the times in the numbers.</summary>
    public SortedDictionary<string, string> Bytes(string folder) => new(
        Directory.EnumerateFiles(At(folder, string.Empty), "*", SearchOption.AllDirectories).ToDictionary(
            file => Path.GetRelativePath(At(folder, string.Empty), file),
            file => file.EndsWith("_stats.json", StringComparison.Ordinal) ? Timeless(file) : Hash(File.ReadAllBytes(file))),
        StringComparer.Ordinal);

    private static string Timeless(string file)
    {
        var json = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        foreach (var time in (string[])["duration", "start_time", "end_time"])
        {
            Assert.True(json.Remove(time));
        }

        return json.ToJsonString();
    }
}
