using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Flip.Benchmarks.Loader;
using Flip.Data.Shards;

namespace Flip.Benchmarks.Download;

/// <summary>Times <c>flip data download</c>, a process of its own, against a server in this one.</summary>
internal static class DownloadCommand
{
    private static readonly Option<string> Flip = new("--flip") { Description = "The command, published or built.", Required = true, HelpName = "program" };
    private static readonly Option<string?> From = new("--from") { Description = "Shards whose photos the served ones consist of; drawn without.", HelpName = "pattern" };
    private static readonly Option<string> Sides = new("--sides") { Description = "Sides of the served photos, pixels.", DefaultValueFactory = _ => "256,320,512" };
    private static readonly Option<int> Images = new("--images") { Description = "Rows of the list.", DefaultValueFactory = _ => 20_000 };
    private static readonly Option<int> Different = new("--different") { Description = "Different photos.", DefaultValueFactory = _ => 200 };
    private static readonly Option<int> Latency = new("--latency") { Description = "Milliseconds before each answer.", DefaultValueFactory = _ => 10 };
    private static readonly Option<int> Size = new("--size") { Description = "Pixels of the short side that is asked for.", DefaultValueFactory = _ => 256 };
    private static readonly Option<int> Concurrency = new("--concurrency") { Description = "Requests in flight.", DefaultValueFactory = _ => 256 };

    public static Command Create()
    {
        var command = new Command("download", "Times the download of a list of photos from a server on this machine.") { Flip, From, Sides, Images, Different, Latency, Size, Concurrency };
        command.SetAction(result =>
        {
            Console.WriteLine("| photos | bytes | images/s | processor ms an image | images/s a core | MB/s |");
            Console.WriteLine("|---|---:|---:|---:|---:|---:|");
            foreach (var side in result.GetValue(Sides)!.Split(',').Select(text => int.Parse(text, CultureInfo.InvariantCulture)))
            {
                var folder = Directory.CreateTempSubdirectory("flip-download-");
                try
                {
                    Console.WriteLine(Run(result, side, folder.FullName));
                }
                finally
                {
                    folder.Delete(recursive: true);
                }
            }
        });
        return command;
    }

    private static string Run(ParseResult result, int side, string folder)
    {
        var shard = Path.Combine(folder, "photos.tar");
        PhotoShard.Write(shard, side, side, result.GetValue(Different), result.GetValue(From));
        var photos = ShardPhotos.First(DataSetIndex.Open(shard), int.MaxValue);
        using var server = new ImageServer(photos, TimeSpan.FromMilliseconds(result.GetValue(Latency)));
        var list = Path.Combine(folder, "list.csv");
        File.WriteAllLines(
            list, Enumerable.Range(0, result.GetValue(Images)).Select(i => $"http://127.0.0.1:{server.Port}/{i}.jpg,photo {i} of the list").Prepend("url,caption"));
        var concurrency = result.GetValue(Concurrency).ToString(CultureInfo.InvariantCulture);
        var start = new ProcessStartInfo(
            result.GetValue(Flip)!,
            [
                "data", "download", list, "--out", Path.Combine(folder, "out"), "--json", "--allow-private", "--size", result.GetValue(Size).ToString(CultureInfo.InvariantCulture),
                "--concurrency", concurrency, "--per-host", concurrency,
            ])
        {
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        using var json = JsonDocument.Parse(process.StandardOutput.ReadToEnd());
        process.WaitForExit();
        double Of(string name) => json.RootElement.GetProperty(name).GetDouble();
        var (images, seconds, processor) = (Of("successes"), Of("seconds"), Of("processorSeconds"));
        return images == result.GetValue(Images)
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"| {side}x{side} | {photos.Average(photo => photo.Length):N0} | {images / seconds:N0} | {processor / images * 1000:0.00} | {images / processor:N0} | {Of("bytes") / 1e6 / seconds:N0} |")
            : throw new IOException($"{images} of {result.GetValue(Images)} images came: {json.RootElement.GetProperty("causes")}");
    }
}
