using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Flip.Randomness;
using Flip.Server;
using Flip.Server.Models;
using Flip.Server.Requests;
using Flip.Serving;
using Flip.Tests;
using Flip.Tests.Server;
using Flip.Tests.Serving;

namespace Flip.SlowTests.Server;

/// <summary>Requests that a mishap or a stranger has changed: no crash, no fault of the server's but 503 (and 505, an unknown version of HTTP), no memory that stays. <c>FLIP_TEST_REQUESTS=10000</c> sends so many.</summary>
[Collection(Alone.Name)]
public sealed class ServerFuzzTests
{
    private const int Fewer = 3000;
    private const int AtOnce = 16;
    private const long Megabyte = 1 << 20;
    private const long MayGrow = 150 * Megabyte; // what the collector leaves for later; 10 000 bodies that stayed would be 600

    private static readonly string[] Types =
    [
        "application/json", "application/json; charset=utf-8", "application/json; charset=x", "text/plain", "multipart/form-data; boundary=b", "multipart/form-data; boundary=\"\"",
        "image/png", "image/jpeg", "application/octet-stream", "", "x", "application/json, application/json",
    ];

    private static readonly string[] Others =
    [
        "Range: bytes=0-1", "Range: bytes=-1,5-", "Expect: 100-continue", "Expect: x", "Accept: \u00ff", "Content-Encoding: gzip", "Authorization: Bearer x", "Cookie: a=b", "Origin: null",
        "Transfer-Encoding: gzip", "X-Forwarded-For: 1.2.3.4", "If-Match: *", "Upgrade: h2c", "Content-Length: 7", "Host: evil",
    ];

    private readonly (string Path, string Type, byte[] Body)[] _requests = Make();

    [Fact]
    public async Task Changed_requests_are_answered_or_refused_and_nothing_else_happens()
    {
        var count = int.TryParse(Environment.GetEnvironmentVariable("FLIP_TEST_REQUESTS"), NumberStyles.None, CultureInfo.InvariantCulture, out var asked) ? asked : Fewer;
        using var images = new ServedImages(8);
        var model = images.Open();
        await using var rig = await ServerRig.StartAsync(
            model, index: ServedIndex.Open(images.Index, model),
            options: new ServerOptions { Limits = new ServerLimits { BodyBytes = 1 << 20 } }, engine: new EngineOptions { MaxWait = TimeSpan.Zero, MaxPixels = 1_000_000 });
        var statuses = new ConcurrentDictionary<int, int>();
        var before = 0L;
        foreach (var (start, end) in new[] { (0, count / 5), (count / 5, count) })
        {
            await Parallel.ForEachAsync(Enumerable.Range(start, end - start), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (trial, _) =>
            {
                var answer = await RawRequest.SendAsync(rig.Server.Address, Request(trial));
                var status = RawRequest.Status(answer) ?? 0;
                statuses.AddOrUpdate(status, 1, (_, sum) => sum + 1);
                Assert.True(status is 0 or 503 or 505 or (>= 100 and < 500), $"trial {trial}: {answer}");
            });
            before = start == 0 ? Memory() : before;
        }

        Assert.Empty(rig.Said);
        Assert.True(rig.Engine.IsReady);
        var clock = Stopwatch.StartNew();
        while (rig.Engine.QueueLength != 0 || rig.Server.Memory.Left != new ServerLimits().BodyMemory)
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), "places or memory of a request stay");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        Assert.Equal(200, (await rig.PostAsync("/v1/embeddings", new { model = ServedTiny.Name, input = "a red dog" })).Status);
        var grown = Memory() - before;
        Assert.True(grown < MayGrow, $"{grown / Megabyte} MB more after {count} requests");
        Assert.True(statuses.GetValueOrDefault(200) > count / 50 && statuses.GetValueOrDefault(400) > count / 5, string.Join(", ", statuses.OrderBy(status => status.Key)));
        TestContext.Current.TestOutputHelper?.WriteLine($"{string.Join(", ", statuses.OrderBy(status => status.Key))}; {grown / Megabyte} MB");
    }

    private byte[] Request(int trial)
    {
        var random = new CounterRandom(11, RandomPurpose.Evaluation, item: trial);
        var (path, type, body) = _requests[random.NextInt(_requests.Length)];
        if (random.NextInt(8) != 0)
        {
            body = Damage.Of(body, ref random);
        }

        if (random.NextInt(6) == 0)
        {
            path = _requests[random.NextInt(_requests.Length)].Path;
        }

        if (random.NextInt(6) == 0)
        {
            type = Types[random.NextInt(Types.Length)];
        }

        var headers = new List<string> { $"Content-Type: {type}" };
        var isChunked = random.NextInt(5) == 0;
        headers.Add(isChunked ? "Transfer-Encoding: chunked" : $"Content-Length: {body.Length + (random.NextInt(12) == 0 ? random.NextInt(2000) - 1000 : 0)}");
        if (random.NextInt(4) == 0)
        {
            headers.Add(Others[random.NextInt(Others.Length)]);
        }

        if (isChunked)
        {
            var cut = random.NextInt(body.Length + 1);
            body =
            [
                .. Encoding.ASCII.GetBytes($"{cut:x}\r\n"), .. body[..cut], .. Encoding.ASCII.GetBytes($"\r\n{body.Length - cut:x}\r\n"), .. body[cut..], .. Encoding.ASCII.GetBytes("\r\n0\r\n\r\n"),
            ];
        }

        var head = RawRequest.Head($"POST {path} HTTP/1.1", [.. headers]);
        return [.. random.NextInt(10) == 0 ? Damage.Of(head, ref random) : head, .. body];
    }

    private static (string Path, string Type, byte[] Body)[] Make()
    {
        var images = ServedTiny.Images(4);
        var (png, jpeg) = (ServerRig.DataUri(images[0]), ServerRig.DataUri(images[1], "image/jpeg"));
        string[] forms = ["classes", "texts"];
        return
        [
            Json("/v1/embeddings", $$"""{"model": "tiny", "input": ["a red dog", "a blue cat", {"image": "{{png}}"}], "encoding_format": "base64"}"""),
            Json("/v1/embeddings", """{"model": "tiny", "input": "a red dog", "dimensions": 8, "user": "me"}"""),
            Json("/v1/embeddings", $$"""{"model": "tiny", "input": "{{jpeg}}"}"""),
            Json("/classify", $$"""{"images": ["{{png}}", "{{jpeg}}"], "classes": ["dog", "cat"], "templates": ["a photo of a {c}"], "top": 2}"""),
            Json("/rank", $$"""{"image": "{{jpeg}}", "texts": ["a dog", "a cat"], "by": "text", "top": 1}"""),
            Json("/embeddings_image", $$"""{"images": [{"image": "{{png}}"}], "model": "tiny"}"""),
            Json("/search", """{"text": "a red dog", "top": 3}"""),
            Json("/search", $$"""{"image": "{{png}}"}"""),
            Json("/search", """{"like": "0001.png"}"""),
            Json("/mask", $$"""{"image": "{{png}}", "ratios": [0, 0.5], "seed": 3}"""),
            Json("/caption", $$"""{"image": "{{png}}"}"""),
            Json("/answer", $$"""{"image": "{{png}}", "question": "what?"}"""),
            ("/embeddings_image", "image/png", images[0].ToArray()),
            ("/classify?classes=a&classes=b&top=1", "image/jpeg", images[1].ToArray()),
            .. forms.Select(name => ($"/{(name == "texts" ? "rank" : "classify")}", "multipart/form-data; boundary=b", Form(name, images[2].ToArray()))),
        ];

        static (string, string, byte[]) Json(string path, string body) => (path, "application/json", Encoding.UTF8.GetBytes(body));
    }

    private static byte[] Form(string name, byte[] image) =>
    [
        .. Encoding.ASCII.GetBytes($"--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\na dog\r\n--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n"),
        .. image,
        .. "\r\n--b--\r\n"u8,
    ];

    private static long Memory()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }
}
