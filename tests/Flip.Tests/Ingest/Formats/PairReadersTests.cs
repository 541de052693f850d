using System.IO.Compression;
using Flip.Data;
using Flip.Ingest.Formats;
using Flip.Tests.Data.TfRecords;

namespace Flip.Tests.Ingest.Formats;

[Collection(Alone.Name)] // one test reads the process's memory
public sealed class PairReadersTests : IDisposable
{
    private static readonly byte[] Image = [0xFF, 0xD8, 1];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_folder_without_texts_has_the_classes_of_its_folders()
    {
        foreach (var name in (string[])["dog/1.jpg", "cat/inner/1.jpg", "dog/2.png"])
        {
            Write(name);
        }

        var reader = PairReaders.Open(_folder.Path);
        Assert.Equal(["cat", "dog"], reader.Classes);
        Assert.Equal([("cat/inner/1.jpg", "0"), ("dog/1.jpg", "1"), ("dog/2.png", "1")], reader.Read().Select(pair => (pair.Key, pair.Class)));
    }

    [Fact]
    public void Texts_beside_images_are_not_passed_over_and_those_without_an_image_are()
    {
        foreach (var name in (string[])["a/1.jpg", "a/2.png", "b/1.jpg"])
        {
            Write(name);
        }

        foreach (var name in (string[])["a/1.txt", "a/1.json", "a/2.caption", "b/2.txt", "b/notes.json", "b/3.heic"])
        {
            Text(name, "{}");
        }

        var said = new List<string>();
        Assert.Equal(3, PairReaders.Open(_folder.Path, new PairReaderOptions { Source = new SourceOptions { Say = said.Add } }).Count);
        Assert.Equal($"Passed over in '{_folder.Path}': 3 files that are no images of a format that is read (.heic 1, .json 1, .txt 1).", Assert.Single(said));
    }

    [Fact]
    public void A_list_of_addresses_gives_them_with_all_else_that_it_says()
    {
        var reader = PairReaders.Open(Text("laion.csv", "SAMPLE_ID,URL,TEXT,similarity\n7,http://a/1.jpg,a dog,0.3\n8,,x,0.1\n"));
        var read = reader.Read().ToList();
        Assert.Equal(("7", "http://a/1.jpg", "a dog"), (read[0].Key, read[0].Url, read[0].Captions.Single()));
        Assert.Equal("0.3", read[0].Fields["similarity"].GetString());
        Assert.Equal(["SAMPLE_ID", "similarity"], read[0].Fields.Keys);
        Assert.Equal("no image", read[1].Problem?.Cause);
    }

    [Fact]
    public void Columns_are_those_that_the_user_names_and_else_said_with_those_that_are_there()
    {
        Write("1.jpg");
        var path = Text("odd.csv", "what,bild,wort,wort2\nx,1.jpg,a,b\n");
        var reader = PairReaders.Open(path, new PairReaderOptions { ImageColumn = "bild", CaptionColumns = ["wort2", "WORT"] });
        Assert.Equal(["b", "a"], reader.Read().Single().Captions);
        Assert.Contains("no column of images", Message(path), StringComparison.Ordinal);
        var other = Assert.Throws<ConfigException>(() => PairReaders.Open(path, new PairReaderOptions { ImageColumn = "foto" })).Message;
        Assert.Contains("--image-column foto", other, StringComparison.Ordinal);
    }

    [Fact]
    public void A_row_with_more_captions_than_a_sample_may_have_is_told()
    {
        var path = Text("many.jsonl", $$"""{"image": "1.jpg", "caption": [{{string.Join(',', Enumerable.Repeat("\"x\"", (1 << 14) + 1))}}]}""" + "\n");
        Assert.Contains("more than 16,384 captions", PairReaders.Open(path).Read().Single().Problem?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_list_names_lies_in_its_folder_unless_it_is_allowed()
    {
        Write("outside.jpg");
        Directory.CreateDirectory(_folder.File("inner"));
        var list = Text("inner/list.csv", $"image,caption\n../outside.jpg,a\n{_folder.File("outside.jpg")},b\n");
        Assert.All(PairReaders.Open(list).Read(), pair => Assert.Equal("outside the folder", pair.Problem?.Cause));
        var allowed = new PairReaderOptions { Source = new SourceOptions { AllowOutside = true } };
        Assert.All(PairReaders.Open(list, allowed).Read(), pair => Assert.Equal(Image, pair.Image.ToArray()));
    }

    [Fact]
    public void A_damaged_record_costs_itself_and_a_damaged_length_the_rest_of_its_file()
    {
        var records = TfRecordBytes.File(Enumerable.Range(0, 3).Select(i => TfRecordBytes.Pair(Image, $"caption {i}", key: i)));
        var length = records.Length / 3;
        records[20] ^= 1;
        File.WriteAllBytes(_folder.File("a.tfrecord"), records);
        records[20] ^= 1;
        records[length] ^= 1;
        File.WriteAllBytes(_folder.File("b.tfrecord"), records);
        records[length] ^= 1;
        File.WriteAllBytes(_folder.File("c.tfrec"), records[..^1]);
        var read = PairReaders.Open(_folder.Path).Read().ToList();
        Assert.Equal(
            ["damaged record", null, null, null, "damaged file", null, null, "damaged file"],
            read.Select(pair => pair.Problem?.Cause));
        Assert.Contains(FormattableString.Invariant($"no header of a record at byte {length}"), read[4].Problem!.Message, StringComparison.Ordinal);
        Assert.Equal(read.Skip(4).Select(pair => pair.Problem), PairReaders.Open(_folder.Path).Read(4).Select(pair => pair.Problem));
    }

    [Fact]
    public void Features_beside_the_pair_become_fields()
    {
        File.WriteAllBytes(_folder.File("a.tfrecord"), TfRecordBytes.File(TfRecordBytes.Example(
            ("jpg", Image), ("txt", "a"), ("width", 640L), ("tags", new[] { "x", "y" }), ("score", new[] { 0.5f }), ("raw", new byte[] { 0xFF, 0xFE, 0xFD }))));
        var pair = PairReaders.Open(_folder.Path).Read().Single();
        Assert.Equal(["score 0.5", "tags [\"x\",\"y\"]", "width 640"], pair.Fields.Where(field => field.Key != "raw").Select(field => $"{field.Key} {field.Value.GetRawText()}"));
    }

    [Fact]
    public void What_is_not_known_says_what_was_looked_for()
    {
        Assert.Contains("does not exist; looked for: .tar shards; TFRecord", Message(_folder.File("nothing")), StringComparison.Ordinal);
        Directory.CreateDirectory(_folder.File("empty"));
        Assert.Contains("has nothing that is known; looked for:", Message(_folder.File("empty")), StringComparison.Ordinal);
        Assert.Contains("is none of them", Message(Text("a.xyz", "x")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_compressed_list_of_much_from_little_is_read_within_memory()
    {
        var path = _folder.File("bomb.csv.gz");
        using (var gzip = new GZipStream(File.Create(path), CompressionLevel.Fastest))
        {
            gzip.Write("url,caption\n"u8);
            byte[] row = [.. "http://a/1.jpg,"u8, .. Enumerable.Repeat((byte)'x', 100_000), (byte)'\n'];
            for (var i = 0; i < 300; i++)
            {
                gzip.Write(row);
            }
        }

        var before = GC.GetTotalMemory(forceFullCollection: true);
        Assert.Equal(300, PairReaders.Open(path).Read().Count(pair => pair.Captions[0].Length == 100_000));
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 8 << 20);
    }

    private static string Message(string source) => Assert.Throws<ConfigException>(() => PairReaders.Open(source)).Message;

    private void Write(string name)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(name))!);
        File.WriteAllBytes(_folder.File(name), Image);
    }

    private string Text(string name, string content)
    {
        File.WriteAllText(_folder.File(name), content);
        return _folder.File(name);
    }
}
