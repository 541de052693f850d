using System.CommandLine;
using System.Globalization;
using Flip.Data.Shards;

namespace Flip.Benchmarks.Loader;

/// <summary>The command line of the loader benchmark; README.md beside this project says what its columns mean.</summary>
internal static class LoaderCommand
{
    private static readonly Option<string?> Data = new("--data") { Description = "Shards to read.", HelpName = "pattern" };

    private static readonly Option<string> Make = new("--make")
    {
        Description = "Without --data: sizes of photos to make, each into a shard that is removed again.",
        HelpName = "WxH,...",
        DefaultValueFactory = _ => "400x350,640x480,1024x768,2048x1536",
    };

    private static readonly Option<string?> From = new("--from")
    {
        Description = "Shards whose photos the made ones consist of; drawn without.",
        HelpName = "pattern",
    };

    private static readonly Option<int> Size = new("--size") { Description = "Pixels of the result.", DefaultValueFactory = _ => 224 };
    private static readonly Option<int> Workers = new("--workers") { Description = "Decoding threads of the whole loader; 0 takes the processor count." };
    private static readonly Option<int> Photos = new("--photos") { Description = "Photos in one pass.", DefaultValueFactory = _ => 96 };
    private static readonly Option<int> Rounds = new("--rounds") { Description = "Passes of each task, in turn.", DefaultValueFactory = _ => 5 };
    private static readonly Option<string?> Pillow = new("--pillow") { Description = "A python3 that has Pillow, to compare with.", HelpName = "program" };

    public static Command Create()
    {
        var command = new Command("loader", "Times decoding, the training transform and the whole loader.")
        {
            Data, Make, From, Size, Workers, Photos, Rounds, Pillow,
        };
        command.SetAction(result =>
        {
            Console.WriteLine(LoaderBenchmark.Header);
            var count = result.GetValue(Photos);
            if (result.GetValue(Data) is { } pattern)
            {
                Run(result, pattern, pattern);
                return;
            }

            foreach (var size in result.GetValue(Make)!.Split(','))
            {
                var (width, height) = Parse(size);
                var folder = Directory.CreateTempSubdirectory("flip-loader-");
                try
                {
                    var shard = Path.Combine(folder.FullName, "photos.tar");
                    PhotoShard.Write(shard, width, height, count, result.GetValue(From));
                    Run(result, shard, size);
                }
                finally
                {
                    folder.Delete(recursive: true);
                }
            }
        });
        return command;
    }

    private static void Run(ParseResult result, string pattern, string name)
    {
        var index = DataSetIndex.Open(pattern);
        foreach (var line in index.Findings)
        {
            Console.Error.WriteLine(line);
        }

        using var benchmark = new LoaderBenchmark(
            index, result.GetValue(Size), result.GetValue(Workers), result.GetValue(Photos), result.GetValue(Pillow));
        foreach (var row in benchmark.Run(name, result.GetValue(Rounds)))
        {
            Console.WriteLine(row);
        }
    }

    private static (int Width, int Height) Parse(string size) => size.Split('x') is [var w, var h]
        && int.TryParse(w, NumberStyles.None, CultureInfo.InvariantCulture, out var width) && width is > 0 and <= 8192
        && int.TryParse(h, NumberStyles.None, CultureInfo.InvariantCulture, out var height) && height is > 0 and <= 8192
            ? (width, height)
            : throw new ConfigException($"--make: '{size}' is no size such as 640x480 (up to 8192).");
}
