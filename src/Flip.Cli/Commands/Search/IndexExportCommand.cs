using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Flip.Cli.Reporting;
using Flip.Io;
using Flip.Progress;
using Flip.Search;
using Flip.Search.Export;

namespace Flip.Cli.Commands.Search;

/// <summary><c>flip index export</c>: an index's vectors for other stores.</summary>
internal static class IndexExportCommand
{
    private const string Extension = ".parquet";

    public static Command Create()
    {
        var index = new Argument<string>("index") { Description = "Folder of the index." };
        var file = new Option<string?>("--out") { Description = "File to write: .parquet (key, embedding, path)." };
        var qdrant = new Option<string?>("--qdrant") { Description = $"Server to send the vectors to, its gRPC port: http://host:6334. {QdrantExport.KeyVariable} holds its key, where it wants one." };
        var collection = new Option<string?>("--collection") { Description = "Collection of the server; it is made where it is not there." };
        var overwrite = new Option<bool>("--overwrite") { Description = "Replace the file." };
        var json = new Option<bool>("--json") { Description = "Print what was done as JSON." };
        var command = new Command("export", "Write an index's vectors to a file, or send them to Qdrant.") { index, file, qdrant, collection, overwrite, json };
        command.SetAction(async (result, cancellation) =>
        {
            await Run(
                result.GetValue(index)!,
                result.GetValue(file),
                result.GetValue(overwrite),
                (result.GetValue(qdrant), result.GetValue(collection)),
                result.GetValue(json),
                cancellation);
            return 0;
        });
        return command;
    }

    private static async Task Run(string folder, string? file, bool overwrite, (string? Server, string? Collection) qdrant, bool json, CancellationToken cancellation)
    {
        if ((file is null) == (qdrant.Server is null))
        {
            throw new ConfigException("Name where the vectors go: --out or --qdrant, one of them.");
        }

        if ((qdrant.Server is null) != (qdrant.Collection is null))
        {
            throw new ConfigException("--qdrant and --collection go together.");
        }

        if (file is not null)
        {
            Check(file, overwrite);
        }

        using var view = Consoles.Progress(json);
        using var index = ImageIndex.Open(folder);
        var meter = new ItemMeter(view, "export", "images", index.Description.Images);
        var done = file is not null ? ParquetExport.Write(index, file, meter.Report, cancellation) : await Send(index, qdrant.Server!, qdrant.Collection!, meter, cancellation);
        var target = file ?? $"{qdrant.Server}, collection {qdrant.Collection}";
        Console.WriteLine(json
            ? JsonSerializer.Serialize(new { Index = folder, Target = target, Images = done }, JsonOutput.Options)
            : string.Create(CultureInfo.InvariantCulture, $"{done:N0} images in {target}."));
    }

    private static async Task<long> Send(ImageIndex index, string server, string collection, ItemMeter meter, CancellationToken cancellation)
    {
        using var client = QdrantExport.Connect(server);
        return await new QdrantExport(client, collection).SendAsync(index, meter.Report, cancellation);
    }

    private static void Check(string file, bool overwrite)
    {
        if (!file.EndsWith(Extension, StringComparison.OrdinalIgnoreCase))
        {
            throw new ConfigException($"'{file}': write {Extension}.");
        }

        if (File.Exists(file) && !overwrite)
        {
            throw new ConfigException($"'{file}' exists: name another file, or --overwrite it.");
        }

        OutputPlace.CheckFile(file, "--out");
    }
}
