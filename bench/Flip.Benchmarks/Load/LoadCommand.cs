using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Flip.Data.Shards;

namespace Flip.Benchmarks.Load;

/// <summary>Asks <c>flip serve</c>, a process of its own, by as many clients at a time as are named, and measures what comes back.</summary>
internal static class LoadCommand
{
    private static readonly Option<string> Flip = new("--flip") { Description = "The command, published or built.", Required = true, HelpName = "program" };
    private static readonly Option<string> Model = new("--model") { Description = "The model that is served.", Required = true, HelpName = "path" };
    private static readonly Option<string?> From = new("--from") { Description = "Shards whose images are sent; without, texts are.", HelpName = "pattern" };
    private static readonly Option<string> InFlight = new("--in-flight") { Description = "Requests in flight.", DefaultValueFactory = _ => "1,8,64,512" };
    private static readonly Option<int> Seconds = new("--seconds") { Description = "Seconds of each, after three to warm up.", DefaultValueFactory = _ => 20 };
    private static readonly Option<int> Images = new("--images") { Description = "Different images.", DefaultValueFactory = _ => 200 };
    private static readonly Option<string[]> Serve = new("--serve") { Description = "More words for flip serve, each an option of its own: --serve=--queue --serve=64.", AllowMultipleArgumentsPerToken = false };

    public static Command Create()
    {
        var command = new Command("load", "Measures flip serve under load: answers a second, waits, refusals, memory.") { Flip, Model, From, InFlight, Seconds, Images, Serve };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task RunAsync(ParseResult result, CancellationToken cancellation)
    {
        using var server = ServedProcess.Start(result.GetValue(Flip)!, ["serve", result.GetValue(Model)!, "--port", "0", "--json", .. result.GetValue(Serve) ?? []]);
        var contents = result.GetValue(From) is { } pattern ? Photos(pattern, result.GetValue(Images)) : Texts();
        Console.WriteLine("| in flight | answers/s | p50, ms | p99, ms | refused (429) | failed | processor ms an answer | memory, MB |");
        Console.WriteLine("|---:|---:|---:|---:|---:|---:|---:|---:|");
        var time = TimeSpan.FromSeconds(result.GetValue(Seconds));
        foreach (var clients in result.GetValue(InFlight)!.Split(',').Select(text => int.Parse(text, CultureInfo.InvariantCulture)))
        {
            using var load = new ClientLoad(server.Address, contents, clients);
            await load.RunAsync(TimeSpan.FromSeconds(3), cancellation);
            var before = server.ProcessorTime;
            var answers = await load.RunAsync(time, cancellation);
            var processor = server.ProcessorTime - before;
            var waits = answers.Where(answer => answer.Status == HttpStatusCode.OK).Select(answer => answer.Wait.TotalMilliseconds).Order().ToList();
            var refused = answers.Count(answer => answer.Status == HttpStatusCode.TooManyRequests);
            double Quantile(double share) => waits.Count == 0 ? double.NaN : waits[(int)(share * (waits.Count - 1))];
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {clients} | {waits.Count / time.TotalSeconds:0.0} | {Quantile(0.5):0.0} | {Quantile(0.99):0.0} | {refused} | {answers.Count - waits.Count - refused} | {processor.TotalMilliseconds / waits.Count:0.0} | {server.Memory / 1e6:0} |"));
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\nThe server ended with {server.Stop()}."));
    }

    private static List<RequestBody> Photos(string pattern, int count) =>
        ShardPhotos.First(DataSetIndex.Open(pattern), count).ConvertAll(photo => new RequestBody("embeddings_image", photo, new MediaTypeHeaderValue("image/jpeg")));

    private static List<RequestBody> Texts() =>
        [.. Enumerable.Range(0, 100).Select(i => new RequestBody(
            "v1/embeddings",
            JsonSerializer.SerializeToUtf8Bytes(new { input = string.Create(CultureInfo.InvariantCulture, $"a photo of {i} dogs on a beach") }),
            new MediaTypeHeaderValue("application/json")))];
}
