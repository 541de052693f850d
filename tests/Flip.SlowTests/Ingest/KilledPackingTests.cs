using System.Diagnostics;
using System.Security.Cryptography;
using Flip.Io;
using Flip.Randomness;
using Flip.SlowTests.Cli;
using Flip.Tests;
using Flip.Tests.Data.Images;
using SkiaSharp;

namespace Flip.SlowTests.Ingest;

/// <summary>Packings whose process is killed (-9) again and again, at any moment.</summary>
[Collection(Alone.Name)]
public sealed class KilledPackingTests : IDisposable
{
    /// <summary>Twenty were tried; FLIP_TEST_KILLS=20 tries them again.</summary>
    private static readonly int Kills = int.TryParse(Environment.GetEnvironmentVariable("FLIP_TEST_KILLS"), out var kills) ? kills : 10;
    private const int Images = 400;

    private readonly TemporaryFolder _folder = TemporaryFolder.InMemory();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Kills_change_no_byte_of_the_shards()
    {
        Directory.CreateDirectory(_folder.File("images"));
        for (var i = 0; i < Images; i++)
        {
            // Every tenth is one that came before, every twenty-fifth is broken.
            File.WriteAllBytes(_folder.File($"images/{i:D4}.jpg"), i % 25 == 24 ? [1, 2, 3] : TestImages.Encode(200 + (i % 10 == 9 ? 0 : i), 150, SKEncodedImageFormat.Jpeg));
            File.WriteAllText(_folder.File($"images/{i:D4}.txt"), $"caption {i}");
        }

        var clock = Stopwatch.StartNew();
        Finish("whole");
        var time = clock.Elapsed;
        var (runs, inside) = (0, 0);
        for (var kill = 0; kill < Kills; runs++)
        {
            for (var ofRun = 0; ofRun < 5 && !IsFinished("parts"); ofRun++, kill++)
            {
                using var process = Begin("parts");
                var left = time * new CounterRandom(31, RandomPurpose.Evaluation, item: kill).NextDouble(0, 1);
                var waited = Stopwatch.StartNew();
                process.WaitFor(() => waited.Elapsed > left);
                inside += File.Exists(_folder.File("parts/pack.json")) && !IsFinished("parts") ? 1 : 0;
                process.Kill();
            }

            Finish("parts");
            Assert.Equal(Contents("whole"), Contents("parts"));
            Directory.Delete(_folder.File("parts"), recursive: true);
        }

        Assert.True(inside > 0, $"{runs} runs, none was killed between two shards");
    }

    private FlipProcess Begin(string name) => new(
        "data", "pack", _folder.File("images"), "--out", _folder.File(name), "--samples-per-shard", "16", "--resize", "keep-ratio", "--size", "64", "--duplicates", "exact", "--json");

    private void Finish(string name)
    {
        using var process = Begin(name);
        var (code, _, error) = process.End();
        Assert.True(code == 0, error);
    }

    private bool IsFinished(string name)
    {
        try
        {
            return File.Exists(_folder.File($"{name}/pack.json")) && _folder.Json($"{name}/pack.json")["isComplete"]!.GetValue<bool>();
        }
        catch (IOException)
        {
            return false; // it is being replaced
        }
    }

    private SortedDictionary<string, string> Contents(string name) => new(Directory.EnumerateFiles(_folder.File(name), "*", SearchOption.AllDirectories)
        .Where(file => !FolderLock.Owns(file))
        .ToDictionary(file => Path.GetRelativePath(_folder.File(name), file), file => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))));
}
