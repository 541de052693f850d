using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using Flip.Randomness;
using Flip.SlowTests.Cli;
using Flip.Tests;
using Flip.Tests.Cli;
using Flip.Tests.Conversion.Download;
using Flip.Tests.Data.Images;
using SkiaSharp;

namespace Flip.SlowTests.Ingest;

/// <summary>Downloads whose process is killed (-9) again and again, at any moment and while shards are written.</summary>
[Collection(Alone.Name)]
public sealed class KilledDownloadTests : IDisposable
{
    private const int Rows = 900;
    private const int Kills = 20;
    private static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(15);

    private readonly TemporaryFolder _folder = TemporaryFolder.InMemory();
    private readonly LoopbackServer _server = new();
    private readonly ConcurrentDictionary<string, int> _asked = new();

    public KilledDownloadTests()
    {
        var lines = new List<string> { "url,caption,id" };
        for (var i = 0; i < Rows; i++)
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"/{i}");
            var image = TestImages.Encode(20 + (i % 9), 20 + (i % 4), SKEncodedImageFormat.Jpeg);
            var isGood = i % 11 != 5;
            _server.Answers[path] = context =>
            {
                _asked.AddOrUpdate(path, 1, (_, count) => count + 1);
                Thread.Sleep(Latency);
                if (isGood)
                {
                    context.Response.Close(image, willBlock: true);
                }
                else
                {
                    LoopbackServer.Status(context, 404);
                }
            };
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"{new Uri(_server.Url, path)},a photo of {i},{i}"));
        }

        File.WriteAllLines(_folder.File("list.csv"), lines);
    }

    public void Dispose()
    {
        _server.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Kills_at_any_moment_change_no_byte_and_cost_little()
    {
        Finish("whole");
        Assert.Equal(Rows, _asked.Values.Sum());
        _asked.Clear();
        Directory.CreateDirectory(_folder.File("killed"));
        for (var kill = 0; kill < Kills; kill++)
        {
            var random = new CounterRandom(31, RandomPurpose.Evaluation, item: kill);
            using var process = Begin("killed");
            if (kill % 3 == 2)
            {
                // While a shard's files are written.
                process.WaitFor(() => Directory.EnumerateFiles(_folder.File("killed"), "0*.tmp").Any());
            }
            else
            {
                var before = _asked.Values.Sum();
                process.WaitFor(() => _asked.Values.Sum() - before >= random.NextInt(Rows / Kills));
            }

            process.Kill();
        }

        Finish("killed");
        Assert.Equal(Bytes("whole"), Bytes("killed"));
        Assert.InRange(_asked.Values.Sum(), Rows, Rows + (Kills * 3 * 8)); // what was in flight or not yet in a spool at a kill
    }

    private FlipProcess Begin(string folder) => new(
        "data", "download", _folder.File("list.csv"), "--out", _folder.File(folder), "--rows-per-shard", "70", "--size", "16", "--save-columns", "id", "--concurrency", "8", "--per-host", "8",
        "--allow-private", "--json");

    private void Finish(string folder)
    {
        using var process = Begin(folder);
        var (code, _, error) = process.End();
        Assert.True(code == 0, error);
    }

    /// <summary>All files but for the times in the numbers; none is left over.</summary>
    private SortedDictionary<string, string> Bytes(string folder) => new(
        Directory.EnumerateFiles(_folder.File(folder), "*", SearchOption.AllDirectories).ToDictionary(
            file => Path.GetRelativePath(_folder.File(folder), file),
            file => file.EndsWith("_stats.json", StringComparison.Ordinal) ? Timeless(file) : Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file)))),
        StringComparer.Ordinal);

    private static string Timeless(string file)
    {
        var json = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        return json.Remove("duration") && json.Remove("start_time") && json.Remove("end_time") ? json.ToJsonString() : "no times";
    }
}
