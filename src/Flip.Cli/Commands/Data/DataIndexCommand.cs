using System.CommandLine;
using System.Text.Json;
using Flip.Cli.Reporting;
using Flip.Config;
using Flip.Data.Shards;
using Flip.Data.Stores;
using Flip.Progress;
using Flip.Tasks.Pretraining;

namespace Flip.Cli.Commands.Data;

/// <summary><c>flip data index</c>: what shards have and where, in a file by which a training opens any number of them at once.</summary>
internal static class DataIndexCommand
{
    public static Command Create()
    {
        var source = new Argument<string>("shards") { Description = "Shards: a folder, a pattern with * and ?, names in braces; also addresses (https://, s3://)." };
        var output = new Option<string?>("--out") { Description = "The index file. By default 'index.flip' in each folder of shards, where a training finds it; needed for shards in the network." };
        var hash = new Option<bool>("--hash") { Description = "Also compute the SHA-256 of each shard, by which a shard that comes over a network is checked. Reads all of every shard." };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var stores = new StoreFlags();
        var command = new Command("index", "Write an index of shards: with it a training opens any number of them at once, and reads a sample of the network by one request.")
        {
            source, output, hash, DataOptions.AllowOutside, json,
        };
        stores.AddTo(command);
        command.SetAction((result, cancellation) =>
        {
            using var view = Consoles.Progress(json: true); // standard output is for the result
            using var remote = new RemoteFiles(TrainingData.StoresOf(stores.Of(result, new DataConfig()), view.Message));
            var shards = ShardPattern.Expand(result.GetValue(source)!, result.GetValue(DataOptions.AllowOutside), remote);
            var meter = new ItemMeter(view, "index", "shards", shards.Count);
            var written = new ShardIndexing(remote, result.GetValue(hash), (done, _) => meter.Report(done), cancellation).Run(shards, result.GetValue(output));
            foreach (var finding in written.SelectMany(index => index.Findings))
            {
                view.Message($"Damaged: {finding}");
            }

            Console.Write(result.GetValue(json) ? JsonSerializer.Serialize(written, JsonOutput.Options) + "\n" : string.Concat(written.Select(Line)));
            return Task.CompletedTask;
        });
        return command;
    }

    private static string Line(WrittenIndex index) =>
        FormattableString.Invariant($"{index.Path}: {index.Samples:N0} samples in {index.Shards:N0} shards, {index.Bytes:N0} bytes.\n");
}
