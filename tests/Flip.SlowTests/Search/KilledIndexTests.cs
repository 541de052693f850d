using System.Diagnostics;
using System.Text.Json;
using Flip.Randomness;
using Flip.Search;
using Flip.SlowTests.Cli;
using Flip.Tests;
using Flip.Tests.Cli;
using Flip.Tests.Data.Images;
using SkiaSharp;

namespace Flip.SlowTests.Search;

/// <summary>Indexing whose process is killed (-9) again and again, at any moment, while it makes an index and while it changes one.</summary>
[Collection(Alone.Name)]
public sealed class KilledIndexTests : IDisposable
{
    private static readonly int Kills = int.TryParse(Environment.GetEnvironmentVariable("FLIP_TEST_KILLS"), out var kills) ? kills : 10;
    private const int Images = 600;

    private readonly TemporaryFolder _folder = TemporaryFolder.InMemory();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Kills_lose_no_image_and_double_none()
    {
        TinyModel.Save(_folder.File("model"));
        Directory.CreateDirectory(_folder.File("images"));
        for (var i = 0; i < Images; i++)
        {
            Write(i, 40 + i);
        }

        var clock = Stopwatch.StartNew();
        Finish("whole");
        var time = clock.Elapsed;
        var inside = KillAndFinish(time, 0);
        for (var i = 0; i < Images / 3; i++)
        {
            Write(i, 1000 + i); // others in their places
        }

        for (var i = Images / 3; i < Images / 2; i++)
        {
            File.Delete(_folder.File($"images/{i:D4}.png"));
        }

        Directory.Delete(_folder.File("whole"), recursive: true);
        Finish("whole");
        inside += KillAndFinish(time, 1);
        Assert.True(inside > 0, "no process was killed at its work");
    }

    private int KillAndFinish(TimeSpan time, int round)
    {
        var inside = 0;
        for (var kill = 0; kill < Kills; kill++)
        {
            using var process = Begin("killed");
            var left = time * new CounterRandom(41, RandomPurpose.Evaluation, epoch: round, item: kill).NextDouble(0.1, 1.1);
            var waited = Stopwatch.StartNew();
            process.WaitFor(() => waited.Elapsed > left);
            inside += process.HasEnded ? 0 : 1;
            process.Kill();
        }

        Finish("killed");
        AssertSame("whole", "killed");
        var again = Finish("killed");
        Assert.Equal(0, again.GetProperty("embedded").GetInt64());
        return inside;
    }

    private void Write(int number, int width) => File.WriteAllBytes(_folder.File($"images/{number:D4}.png"), TestImages.Encode(width, 24, SKEncodedImageFormat.Png));

    private FlipProcess Begin(string name) => new("index", _folder.File("model"), _folder.File("images"), "--out", _folder.File(name), "--json");

    private JsonElement Finish(string name)
    {
        using var process = Begin(name);
        var (code, output, error) = process.End();
        Assert.True(code == 0, error);
        return JsonDocument.Parse(output).RootElement;
    }

    /// <summary>Every key is there once, with its vector; a batch's place changes the last bits of a product.</summary>
    private void AssertSame(string expected, string actual)
    {
        using var whole = ImageIndex.Open(_folder.File(expected));
        using var index = ImageIndex.Open(_folder.File(actual));
        Assert.Equal(whole.Read().Select(image => image.Key), index.Read().Select(image => image.Key));
        Assert.All(whole.Read().Zip(index.Read()), pair => Assert.Equal(pair.First.Vector, pair.Second.Vector, (a, b) => MathF.Abs(a - b) < 1e-4f));
    }
}
