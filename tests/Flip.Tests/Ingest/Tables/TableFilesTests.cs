using System.IO.Compression;
using System.Text;
using Flip.Data;
using Flip.Ingest.Tables;
using Parquet;
using Parquet.Schema;

namespace Flip.Tests.Ingest.Tables;

public sealed class TableFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_header_names_the_columns_and_its_separator_is_found()
    {
        foreach (var (name, separator) in (ReadOnlySpan<(string, char)>)[("a.csv", ','), ("b.csv", ';'), ("c.tsv", '\t')])
        {
            var table = Open(name, $"\uFEFFURL{separator}TEXT{separator}similarity\nhttp://a/1.jpg{separator}\"two\n\"\"lines\"\"\"{separator}0.31\n\nhttp://a/2.jpg{separator}x{separator}\n");
            Assert.Equal(["URL", "TEXT", "similarity"], table.Columns);
            Assert.Equal(2, table.Count);
            var rows = table.Read().ToList();
            Assert.Equal(["http://a/1.jpg", "two\n\"lines\"", "0.31"], [rows[0].Text(0), rows[0].Text(1), rows[0].Text(2)]);
            Assert.Equal($"{_folder.File(name)}, line 5", rows[1].Place);
            Assert.Equal(1, rows[1].Index);
            Assert.Null(rows[1].Text(7));
        }
    }

    /// <summary>CC3M's file: a caption, a tab, an address; no header, no quoting.</summary>
    [Fact]
    public void Columns_without_a_header_are_called_by_their_numbers()
    {
        var table = Open("cc3m.tsv", "a \"photo, of a dog\thttp://a/1.jpg\n\"open quote\thttp://a/2.jpg\nplain\thttp://a/3.jpg\n");
        Assert.Equal(["0", "1"], table.Columns);
        Assert.Equal(["a \"photo, of a dog", "\"open quote", "plain"], table.Read().Select(row => row.Text(0)));
        Assert.Equal(["http://a/1.jpg", "http://a/2.jpg", "http://a/3.jpg"], table.Read().Select(row => row.Text(1)));
    }

    [Fact]
    public void Of_two_columns_the_second_goes_to_the_line_s_end_and_of_more_a_long_row_is_bad()
    {
        Assert.Equal("a dog, running", Open("two.csv", "image,caption\n1.jpg,a dog, running\n").Read().Single().Text(1));
        var rows = Open("three.csv", "image,caption,score\n1.jpg,a dog, running,1\n2.jpg,a cat\n").Read().ToList();
        Assert.Equal("it has 4 columns, and the table 3", rows[0].Problem);
        Assert.Equal(("a cat", null), (rows[1].Text(1), rows[1].Text(2)));
    }

    [Fact]
    public void A_column_that_the_user_names_makes_a_header()
    {
        Assert.Equal(["0", "1"], Open("mine.csv", "foo,bar\n1,2\n").Columns);
        var table = TableFiles.Open(_folder.File("mine.csv"), new TableOptions { Named = ["BAR"] });
        Assert.Equal(["foo", "bar"], table.Columns);
        Assert.Equal(1, table.Count);
    }

    [Fact]
    public void Compressed_texts_are_read_in_their_encoding()
    {
        foreach (var encoding in (Encoding[])[new UTF8Encoding(true), Encoding.Unicode, new UTF8Encoding(false)])
        {
            var path = _folder.File("list.csv.gz");
            using (var gzip = new GZipStream(File.Create(path), CompressionLevel.Fastest))
            {
                gzip.Write([.. encoding.GetPreamble(), .. encoding.GetBytes("url,caption\nhttp://a/1.jpg,müde\n")]);
            }

            Assert.Equal("müde", TableFiles.Open(path).Read().Single().Text(1));
        }

        File.WriteAllText(_folder.File("no.csv.gz"), "url,caption\n");
        Assert.Contains("no.csv.gz' cannot be read", Assert.Throws<ConfigException>(() => TableFiles.Open(_folder.File("no.csv.gz"))).Message, StringComparison.Ordinal);
    }

    /// <summary>100 MB of one letter are 100 KB of gzip; a line has a limit.</summary>
    [Fact]
    public void A_line_that_unpacks_to_much_is_refused()
    {
        var path = _folder.File("bomb.jsonl.gz");
        using (var gzip = new GZipStream(File.Create(path), CompressionLevel.Fastest))
        {
            var block = new byte[1 << 20];
            block.AsSpan().Fill((byte)'x');
            for (var i = 0; i < 20; i++)
            {
                gzip.Write(block);
            }
        }

        Assert.Contains("line 1: it is longer than", Assert.Throws<ConfigException>(() => TableFiles.Open(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Lines_of_JSON_have_the_fields_of_all_and_bad_ones_say_so()
    {
        var table = Open("a.jsonl", "{\"image\": \"1.jpg\", \"captions\": [\"a\", \"b\"]}\n\nno json\n[1]\n{\"image\": \"2.jpg\", \"score\": NaN, \"n\": 1.50}\n");
        Assert.Equal(["image", "captions", "score", "n"], table.Columns);
        Assert.Equal(4, table.Count);
        var rows = table.Read().ToList();
        Assert.Equal(["a", "b"], rows[0].Texts(1));
        Assert.Equal("a", rows[0].Text(1));
        Assert.StartsWith("it is no JSON:", rows[1].Problem, StringComparison.Ordinal);
        Assert.EndsWith("a.jsonl, line 3", rows[1].Place, StringComparison.Ordinal);
        Assert.Equal("it is no JSON object", rows[2].Problem);
        Assert.Equal("1.50", rows[3].Json(3)!.Value.GetRawText());
    }

    [Fact]
    public void Parquet_has_parts_of_structures_lists_and_missing_values()
    {
        var path = WriteParquet("a.parquet", rows: 5, perGroup: 2);
        var table = TableFiles.Open(path);
        Assert.Equal(["url", "width", "image.bytes", "image.path", "captions"], table.Columns);
        Assert.Equal(5, table.Count);
        var rows = table.Read().ToList();
        Assert.All(rows, row => Assert.Null(row.Problem));
        Assert.Equal([0L, 1, 2, 3, 4], rows.Select(row => row.Index));
        Assert.Equal(["u0", null, "u2", "u3", "u4"], rows.Select(row => row.Text(0)));
        Assert.Equal(["0", null, "2", "3", "4"], rows.Select(row => row.Text(1)));
        Assert.Equal([2, 2], rows[2].Bytes(2).ToArray());
        Assert.Equal("p3", rows[3].Text(3));
        Assert.Equal([[], ["c1.0"], ["c2.0", "c2.1"], [], ["c4.0"]], rows.Select(row => row.Texts(4)));
        Assert.Equal("2", rows[2].Json(1)!.Value.GetRawText());
        Assert.Equal("[\"c2.0\",\"c2.1\"]", rows[2].Json(4)!.Value.GetRawText());
        Assert.Null(rows[2].Json(2));
    }

    [Fact]
    public void Rows_behind_the_first_and_wanted_columns_are_the_same_rows()
    {
        WriteParquet("a.parquet", rows: 5, perGroup: 2);
        Open("b.jsonl", string.Concat(Enumerable.Range(0, 5).Select(i => $"{{\"url\": \"u{i}\", \"width\": {i}}}\n")));
        Open("c.csv", "url,width\n" + string.Concat(Enumerable.Range(0, 5).Select(i => $"u{i},{i}\n")));
        foreach (var name in (string[])["a.parquet", "b.jsonl", "c.csv"])
        {
            var table = TableFiles.Open(_folder.File(name));
            for (var first = 0; first <= 6; first++)
            {
                var rows = table.Read([1], first).ToList();
                Assert.Equal(table.Read().Skip(first).Select(row => (row.Index, row.Place, row.Text(1))), rows.Select(row => (row.Index, row.Place, row.Text(1))));
            }
        }

        Assert.All(TableFiles.Open(_folder.File("a.parquet")).Read([1]), row => Assert.Null(row.Text(0)));
    }

    [Fact]
    public void Several_files_are_one_table_in_the_order_of_their_names()
    {
        Open("p2.csv", "caption,url\nc,u2\n");
        Open("p1.csv", "url,caption\nu1,a\nu1b,b\n");
        Open("other.jsonl", "{}\n{\"a\": 1}\n");
        var table = TableFiles.Open(_folder.File("p*.csv"));
        Assert.Equal(3, table.Count);
        Assert.Equal([("u1", 0), ("u1b", 1), ("u2", 2)], table.Read().Select(row => (row.Text(0), row.Index)));
        Assert.Equal([("b", 1), ("c", 2)], table.Read([1], 1).Select(row => (row.Text(1), row.Index)));
        Assert.Equal(3, TableFiles.Open(_folder.File("p{1,2}.csv")).Count);
        Assert.Contains("several kinds", Assert.Throws<ConfigException>(() => TableFiles.Open(_folder.Path)).Message, StringComparison.Ordinal);
        Assert.Contains("names no table", Assert.Throws<ConfigException>(() => TableFiles.Open(_folder.File("x*.csv"))).Message, StringComparison.Ordinal);
    }

    /// <summary>Damage of any byte is an error that is said at the opening, a row with a problem, or another value.</summary>
    [Fact]
    public void Damaged_Parquet_never_throws_anything_else()
    {
        var bytes = File.ReadAllBytes(WriteParquet("a.parquet", rows: 5, perGroup: 2));
        var path = _folder.File("damaged.parquet");
        for (var at = 0; at < bytes.Length; at += 3)
        {
            var damaged = (byte[])bytes.Clone();
            damaged[at] ^= 0x55;
            File.WriteAllBytes(path, damaged);
            try
            {
                Assert.All(TableFiles.Open(path).Read(), row => Assert.True(row.Problem is null || row.Text(0) is null));
            }
            catch (ConfigException)
            {
                // It is no Parquet any more.
            }
        }
    }

    internal static async Task WriteAsync(string path, int rows, int perGroup)
    {
        var (url, width) = (new DataField<string>("url"), new DataField<int>("width", nullable: true));
        var (bytes, name) = (new DataField<byte[]>("bytes"), new DataField<string>("path"));
        var caption = new DataField<string>("element");
        var schema = new ParquetSchema(url, width, new StructField("image", bytes, name), new ListField("captions", caption));
        await using var file = File.Create(path);
        await using var writer = await ParquetWriter.CreateAsync(schema, file);
        for (var first = 0; first < rows; first += perGroup)
        {
            using var group = writer.CreateRowGroup();
            int[] numbers = [.. Enumerable.Range(first, Math.Min(perGroup, rows - first))];
            await group.WriteAsync(url, numbers.Select(i => i == 1 ? null : $"u{i}").ToArray()!);
            await group.WriteAsync<int>(width, numbers.Select(i => i == 1 ? (int?)null : i).ToArray());
            await group.WriteAsync(bytes, numbers.Select(i => Enumerable.Repeat((byte)i, i).ToArray()).ToArray());
            await group.WriteAsync(name, numbers.Select(i => $"p{i}").ToArray());
            var lists = numbers.Select(i => Enumerable.Range(0, i % 3).Select(c => $"c{i}.{c}").ToArray()).ToArray();
            await group.WriteAllPartsAsync<ReadOnlyMemory<char>>(
                caption,
                lists.SelectMany(list => list).Select(text => text.AsMemory()).ToArray(),
                lists.SelectMany(list => list.Length == 0 ? [caption.MaxDefinitionLevel - 2] : list.Select(_ => caption.MaxDefinitionLevel)).ToArray(),
                lists.SelectMany(list => list.Length == 0 ? [0] : list.Select((_, i) => i == 0 ? 0 : 1)).ToArray(),
                CancellationToken.None);
        }
    }

    private string WriteParquet(string name, int rows, int perGroup)
    {
        WriteAsync(_folder.File(name), rows, perGroup).GetAwaiter().GetResult();
        return _folder.File(name);
    }

    private ITable Open(string name, string content)
    {
        File.WriteAllText(_folder.File(name), content);
        return TableFiles.Open(_folder.File(name));
    }
}
