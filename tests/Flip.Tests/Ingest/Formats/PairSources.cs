using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Flip.Tests.Data.TfRecords;
using Parquet;
using Parquet.Schema;

namespace Flip.Tests.Ingest.Formats;

/// <summary>The same twelve pairs in every format: the fourth has a blank caption, the sixth two, the eighth an image of no bytes, and the tenth, where a format names files, none.</summary>
internal static class PairSources
{
    public const int Count = 12;
    public const int Blank = 3;
    public const int Two = 5;
    public const int Empty = 7;
    public const int Missing = 9;

    private static readonly Dictionary<string, Func<TemporaryFolder, string>> Writers = new()
    {
        ["WebDataset"] = folder => Tar(folder.File("shards")),
        ["TFRecord"] = folder => Records(folder.File("a.tfrecord-00000-of-00001"), compressed: false),
        ["TFRecord, compressed"] = folder => Records(folder.File("a.tfrecord.gz"), compressed: true),
        ["CSV"] = folder => List(folder, "list.csv", "image,caption", pair => pair.Captions.Select(text => $"{pair.Name},\"{text}\"")),
        ["TSV without a header"] = folder => List(folder, "list.tsv", null, pair => pair.Captions.Select(text => $"{text}\t{pair.Name}")),
        ["CSV, compressed"] = folder => Compressed(List(folder, "list.csv", "caption;score;file_name", pair => pair.Captions.Select(text => $"{text};0.5;{pair.Name}"))),
        ["JSON lines"] = folder => List(folder, "list.jsonl", null, pair => [JsonSerializer.Serialize(new { path = pair.Name, captions = pair.Captions })]),
        ["Parquet with images"] = folder => Parquet(folder.File("train-00000.parquet"), embedded: true),
        ["Parquet with paths"] = folder => Parquet(Files(folder, "train.parquet"), embedded: false),
        ["a folder with texts"] = folder => Folder(folder),
        ["COCO"] = folder => Coco(folder),
        ["Karpathy"] = folder => Karpathy(folder),
        ["Flickr"] = folder => List(folder, "results.token", null, pair => pair.Captions.Select((text, i) => $"{pair.Name}#{i}\t{text}")),
    };

    public static IEnumerable<string> Formats => Writers.Keys;

    public static IReadOnlyList<Pair> Pairs { get; } = [.. Enumerable.Range(0, Count).Select(i => new Pair(
        FormattableString.Invariant($"{i:D2}.jpg"),
        i == Empty ? [] : [0xFF, 0xD8, (byte)i, .. Enumerable.Repeat((byte)i, 1000 * i)],
        i switch { Blank => [" "], Two => ["one", "two, with a comma"], _ => [$"müde caption {i}"] }))];

    /// <summary>Whether a format has names of files in place of images, so that one can be missing.</summary>
    public static bool NamesFiles(string format) => format is not ("WebDataset" or "TFRecord" or "TFRecord, compressed" or "Parquet with images" or "a folder with texts");

    /// <summary>Writes the pairs and says where.</summary>
    public static string Write(string format, TemporaryFolder folder) => Writers[format](folder);

    private static string Tar(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var shard in Pairs.Chunk(5).Index())
        {
            using var tar = new TarWriter(File.Create(Path.Combine(folder, $"train-{shard.Index:D4}.tar")), TarEntryFormat.Ustar);
            foreach (var pair in shard.Item)
            {
                var key = Path.GetFileNameWithoutExtension(pair.Name);
                Member(tar, pair.Name, pair.Image);
                Member(tar, key + (pair.Captions.Length > 1 ? ".json" : ".txt"), pair.Captions.Length > 1
                    ? JsonSerializer.SerializeToUtf8Bytes(new { captions = pair.Captions })
                    : Encoding.UTF8.GetBytes(pair.Captions[0]));
            }
        }

        return folder;
    }

    private static void Member(TarWriter tar, string name, byte[] content) =>
        tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });

    private static string Records(string path, bool compressed)
    {
        var bytes = TfRecordBytes.File(Pairs.Select((pair, i) => TfRecordBytes.Example(("jpg", pair.Image), ("txt", pair.Captions), ("key", (long)i))));
        using Stream file = compressed ? new GZipStream(File.Create(path), CompressionLevel.Fastest) : File.Create(path);
        file.Write(bytes);
        return path;
    }

    /// <summary>The images beside a list, but for the one that is missing.</summary>
    private static string Files(TemporaryFolder folder, string name)
    {
        foreach (var (i, pair) in Pairs.Index().Where(pair => pair.Index != Missing))
        {
            File.WriteAllBytes(folder.File(pair.Name), pair.Image);
        }

        return folder.File(name);
    }

    private static string List(TemporaryFolder folder, string name, string? header, Func<Pair, IEnumerable<string>> lines)
    {
        var path = Files(folder, name);
        File.WriteAllLines(path, [.. header is null ? Array.Empty<string>() : [header], .. Pairs.SelectMany(lines)]);
        return path;
    }

    private static string Compressed(string path)
    {
        using (var gzip = new GZipStream(File.Create(path + ".gz"), CompressionLevel.Fastest))
        {
            gzip.Write(File.ReadAllBytes(path));
        }

        File.Delete(path);
        return path + ".gz";
    }

    private static string Parquet(string path, bool embedded)
    {
        WriteAsync(path, embedded).GetAwaiter().GetResult();
        return path;
    }

    private static async Task WriteAsync(string path, bool embedded)
    {
        var (bytes, name, caption) = (new DataField<byte[]>("bytes"), new DataField<string>(embedded ? "path" : "filepath"), new DataField<string>("element"));
        Field image = embedded ? new StructField("image", bytes, name) : name;
        var schema = new ParquetSchema(image, new ListField("caption", caption));
        await using var file = File.Create(path);
        await using var writer = await ParquetWriter.CreateAsync(schema, file);
        foreach (var rows in Pairs.Chunk(5))
        {
            using var group = writer.CreateRowGroup();
            if (embedded)
            {
                await group.WriteAsync(bytes, rows.Select(pair => pair.Image).ToArray());
            }

            await group.WriteAsync(name, rows.Select(pair => embedded ? "" : pair.Name).ToArray());
            await group.WriteAllPartsAsync<ReadOnlyMemory<char>>(
                caption,
                rows.SelectMany(pair => pair.Captions).Select(text => text.AsMemory()).ToArray(),
                rows.SelectMany(pair => pair.Captions.Select(_ => caption.MaxDefinitionLevel)).ToArray(),
                rows.SelectMany(pair => pair.Captions.Select((_, i) => i == 0 ? 0 : 1)).ToArray(),
                CancellationToken.None);
        }
    }

    private static string Folder(TemporaryFolder folder)
    {
        Directory.CreateDirectory(folder.File("inner"));
        foreach (var (i, pair) in Pairs.Index())
        {
            var path = folder.File(i < 6 ? pair.Name : $"inner/{pair.Name}");
            File.WriteAllBytes(path, pair.Image);
            if (pair.Captions.Length > 1)
            {
                File.WriteAllText(Path.ChangeExtension(path, ".json"), JsonSerializer.Serialize(new { captions = pair.Captions, score = 1 }));
            }
            else
            {
                File.WriteAllText(Path.ChangeExtension(path, i % 2 == 0 ? ".txt" : ".caption"), pair.Captions[0] + "\n");
            }
        }

        return folder.Path;
    }

    private static string Coco(TemporaryFolder folder)
    {
        var path = Files(folder, "captions_train2017.json");
        File.WriteAllText(path, JsonSerializer.Serialize(new
        {
            images = Pairs.Select((pair, id) => new { id, file_name = pair.Name }),
            annotations = Pairs.SelectMany((pair, id) => pair.Captions.Select(caption => new { image_id = id, caption })),
        }));
        return path;
    }

    private static string Karpathy(TemporaryFolder folder)
    {
        File.WriteAllText(Files(folder, "dataset_flickr8k.json"), JsonSerializer.Serialize(new
        {
            images = Pairs.Select(pair => new { filename = pair.Name, split = "train", sentences = pair.Captions.Select(raw => new { raw }) }),
        }));
        return folder.Path;
    }

    /// <summary>An image and its captions.</summary>
    internal sealed record Pair(string Name, byte[] Image, string[] Captions);
}
