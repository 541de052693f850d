using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security;
using System.Security.Cryptography;
using System.Text;
using Flip.Data.Stores;
using Flip.Tests.Conversion.Download;

namespace Flip.Tests.Data.Stores;

/// <summary>What a store does with one request instead of answering it well.</summary>
/// <param name="Status">The status; 200 answers.</param>
/// <param name="RetryAfter">Seconds that it asks to wait.</param>
/// <param name="CutAfter">Bytes after which the connection is cut.</param>
/// <param name="LengthOff">Bytes that the announced length is too long.</param>
/// <param name="Delay">Wait before the answer.</param>
/// <param name="IgnoresRange">Whether all of a file is sent where a part was asked for.</param>
internal sealed record StoreFault(int Status = 200, int? RetryAfter = null, int? CutAfter = null, int LengthOff = 0, TimeSpan Delay = default, bool IgnoresRange = false);

/// <summary>The files of a folder behind http on this machine, in parts too, and as the bucket <c>b</c> of an S3-compatible store with lists.</summary>
internal sealed class StoreDouble : IDisposable
{
    private const string Bucket = "b";
    private readonly LoopbackServer _server = new();
    private readonly string _folder;
    private int _requests;

    public StoreDouble(string folder)
    {
        _folder = folder;
        _server.Fallback = Answer;
    }

    /// <summary>What to do with the n-th request (from 0) of a path and range; null to answer it.</summary>
    public Func<int, string, StoreFault?> Fault { get; set; } = (_, _) => null;

    /// <summary>Files in a page of a list.</summary>
    public int PageSize { get; set; } = 1000;

    /// <summary>Method, name and range of each request for a file.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    public string Endpoint => _server.Url.AbsoluteUri;

    /// <summary>The address of a file, or of a pattern.</summary>
    public string Http(string name) => $"{_server.Url.AbsoluteUri}{Bucket}/{name}";

    /// <inheritdoc cref="Http"/>
    public static string S3(string name) => $"s3://{Bucket}/{name}";

    /// <summary>Impatient options for this store.</summary>
    public StoreOptions Options(string cache, long cacheBytes = 1 << 30) => new()
    {
        CacheFolder = cache,
        CacheBytes = cacheBytes,
        S3Endpoint = Endpoint,
        S3Anonymous = true,
        RetryDelay = TimeSpan.FromMilliseconds(1),
        Patience = TimeSpan.FromSeconds(30), // a busy machine is not a silent server
    };

    public void Dispose() => _server.Dispose();

    private void Answer(HttpListenerContext context)
    {
        var path = Uri.UnescapeDataString(context.Request.Url!.AbsolutePath)[1..];
        if (path.TrimEnd('/') == Bucket)
        {
            List(context);
            return;
        }

        var file = Path.Combine(_folder, path[(Bucket.Length + 1)..]);
        Requests.Enqueue($"{context.Request.HttpMethod} {Path.GetFileName(file)} {context.Request.Headers["Range"]}");
        var fault = Fault(Interlocked.Increment(ref _requests) - 1, Path.GetFileName(file)) ?? new StoreFault();
        Thread.Sleep(fault.Delay);
        if (fault.RetryAfter is { } wait)
        {
            context.Response.Headers["Retry-After"] = wait.ToString(CultureInfo.InvariantCulture);
        }

        if (fault.Status != 200)
        {
            LoopbackServer.Status(context, fault.Status, $"<Error><Code>Fault{fault.Status}</Code></Error>", "application/xml");
        }
        else if (!File.Exists(file))
        {
            LoopbackServer.Status(context, 404, "<Error><Code>NoSuchKey</Code></Error>", "application/xml");
        }
        else
        {
            Send(context, File.ReadAllBytes(file), fault);
        }
    }

    private static void Send(HttpListenerContext context, byte[] content, StoreFault fault)
    {
        var response = context.Response;
        response.Headers["ETag"] = $"\"{Convert.ToHexStringLower(SHA256.HashData(content))}\"";
        var (from, to) = (0, content.Length - 1);
        if (context.Request.Headers["Range"] is { } range && !fault.IgnoresRange)
        {
            var ends = range["bytes=".Length..].Split('-');
            from = int.Parse(ends[0], CultureInfo.InvariantCulture);
            to = ends[1].Length == 0 ? to : Math.Min(to, int.Parse(ends[1], CultureInfo.InvariantCulture));
            response.StatusCode = 206;
            response.Headers["Content-Range"] = $"bytes {from}-{to}/{content.Length + fault.LengthOff}";
        }

        response.ContentLength64 = to + 1 - from + fault.LengthOff;
        if (context.Request.HttpMethod == "HEAD")
        {
            response.Close();
            return;
        }

        response.OutputStream.Write(content, from, Math.Min(fault.CutAfter ?? int.MaxValue, to + 1 - from));
        response.OutputStream.Flush();
        if (fault.CutAfter is null && fault.LengthOff == 0)
        {
            response.Close();
        }
        else
        {
            Thread.Sleep(20); // a cut throws away what the client has not read yet
            response.Abort();
        }
    }

    private void List(HttpListenerContext context)
    {
        var query = context.Request.QueryString;
        var (prefix, after) = (query["prefix"] ?? "", query["continuation-token"] ?? "");
        var keys = Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(_folder, file))
            .Where(key => key.StartsWith(prefix, StringComparison.Ordinal) && string.CompareOrdinal(key, after) > 0).Order(StringComparer.Ordinal).ToList();
        var page = keys.Take(PageSize).ToList();
        var next = page.Count < keys.Count ? $"<NextContinuationToken>{page[^1]}</NextContinuationToken>" : "";
        var files = string.Concat(page.Select(key => $"<Contents><Key>{SecurityElement.Escape(key)}</Key><Size>{new FileInfo(Path.Combine(_folder, key)).Length}</Size></Contents>"));
        context.Response.ContentType = "application/xml";
        context.Response.Close(
            Encoding.UTF8.GetBytes(
                $"<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>{Bucket}</Name><IsTruncated>{(next.Length > 0 ? "true" : "false")}</IsTruncated>{next}{files}</ListBucketResult>"),
            willBlock: true);
    }
}
