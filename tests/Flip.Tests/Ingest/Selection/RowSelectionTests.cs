using Flip.Data;
using Flip.Ingest.Selection;
using Flip.Ingest.Tables;

namespace Flip.Tests.Ingest.Selection;

public sealed class RowSelectionTests : IDisposable
{
    private const string List = """
        {"key": "000", "width": 100, "similarity": 0.5, "text": "a"}
        {"key": "001", "width": 300, "similarity": 0.2, "text": "b"}
        {"key": "002", "width": 300, "similarity": null, "text": "c"}
        {"key": "003", "width": 400, "similarity": 0.4, "text": "d, \"e\""}
        {"key": "004", "width": 250, "text": "f"}
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _said = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_condition_selects_rows_and_those_without_a_value_are_counted_and_not_selected()
    {
        var result = Select(Write("list.jsonl", List), "similarity > 0.3 and width >= 224", "out.jsonl");
        Assert.Equal((5, 1, 1), (result.Rows, result.Selected, result.Written));
        Assert.Equal(new Dictionary<string, long> { ["similarity"] = 2, ["width"] = 0 }, result.WithoutValue);
        Assert.Equal("""{"key":"003","width":400,"similarity":0.4,"text":"d, \"e\""}""" + "\n", File.ReadAllText(_folder.File("out.jsonl")));
        Assert.Equal(["list.jsonl", "out.jsonl"], Directory.EnumerateFileSystemEntries(_folder.Path).Select(Path.GetFileName).Order()); // nothing is left behind
    }

    [Theory]
    [InlineData("out.parquet")]
    [InlineData("out.csv")]
    [InlineData("out.jsonl")]
    public void Every_format_has_the_same_rows_and_a_second_run_the_same_bytes(string name)
    {
        var list = Write("list.jsonl", List);
        Select(list, "width > 200", name);
        var bytes = File.ReadAllBytes(_folder.File(name));
        var table = TableFiles.Open(_folder.File(name), cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(["key", "width", "similarity", "text"], table.Columns);
        Assert.Equal(
            ["001 300 0.2 b", "002 300  c", "003 400 0.4 d, \"e\"", "004 250  f"],
            table.Read(cancellation: TestContext.Current.CancellationToken).Select(row => string.Join(' ', Enumerable.Range(0, 4).Select(row.Text))));

        Select(list, "width > 200", name);
        Assert.Equal(bytes, File.ReadAllBytes(_folder.File(name)));
    }

    [Fact]
    public void Of_a_selection_of_a_selection_the_same_is_selected_in_every_format()
    {
        var list = Write("list.jsonl", string.Join('\n', Enumerable.Range(0, 500).Select(i => $$"""{"key": "{{i:D9}}", "n": {{i * 7919 % 1000}}, "x": {{i * 31 % 97}}.5}""")));
        foreach (var name in (string[])["all.parquet", "all.csv", "all.jsonl"])
        {
            Select(list, null, name);
            Select(_folder.File(name), "n % 3 = 1 and x < 50", "some-" + name.Replace('.', '-') + ".csv");
        }

        var expected = Enumerable.Range(0, 500).Where(i => i * 7919 % 1000 % 3 == 1 && (i * 31 % 97) + 0.5 < 50).Select(i => $"{i:D9}").ToList();
        Assert.All(["parquet", "csv", "jsonl"], kind => Assert.Equal(expected, Keys($"some-all-{kind}.csv")));
    }

    [Fact]
    public void Tables_of_texts_have_the_header_and_the_types_that_keep_every_value()
    {
        var list = Write("list.tsv", "key\twidth\tid\tratio\tnone\tflag\tlarge\n000120042\t12\t7\t1.5\t\ttrue\t99999999999999999999\n000120043\t\tx\tnan\t\tFalse\t1\n");
        Select(list, "width = 12 and ratio > 1 and flag", "out.csv");
        Assert.Equal("key,width,id,ratio,none,flag,large\n000120042,12,7,1.5,,true,99999999999999999999\n", File.ReadAllText(_folder.File("out.csv")));
        Assert.Equal(1, Select(list, "ratio is null", null).Selected); // a number that is none is no value: SQL has it above all others
        Assert.Equal(2, Select(list, "key like '00012%' and large > '0'", null).Selected);
    }

    [Theory]
    [InlineData("b = 2", null)]
    [InlineData(null, "b")]
    public void A_line_with_a_name_that_the_user_names_is_a_header(string? where, string? order)
    {
        Run(new SelectOptions { Source = Write("list.csv", "a,b\n1,2\n"), Where = where, OrderBy = order }, "out.csv");
        Assert.Equal("a,b\n1,2\n", File.ReadAllText(_folder.File("out.csv")));
    }

    [Fact]
    public void A_number_that_is_none_is_no_value_in_Parquet_too()
    {
        var list = Write("list.csv", "key,similarity\na,0.5\nb,nan\nc,0.1\n");
        Select(list, null, "all.parquet");
        using (var table = new DuckDB.NET.Data.DuckDBConnection("DataSource=:memory:"))
        {
            table.Open();
            using var command = table.CreateCommand();
            command.CommandText = $"COPY (SELECT * REPLACE (coalesce(similarity, 'nan'::DOUBLE) AS similarity) FROM '{_folder.File("all.parquet")}') TO '{_folder.File("nan.parquet")}'";
            command.ExecuteNonQuery();
        }

        var result = Select(_folder.File("nan.parquet"), "similarity > 0.3", null);
        Assert.Equal((1, 1), (result.Selected, result.WithoutValue["similarity"]));
    }

    [Fact]
    public void Lines_that_are_no_rows_are_counted_and_the_first_is_said()
    {
        var result = Select(Write("list.jsonl", "{\"a\": 1}\nnonsense\n[1]\n{\"a\": 2}\n"), "a > 0", null);
        Assert.Equal((2, 2, 2), (result.Rows, result.Unreadable, result.Selected));
        Assert.Contains("list.jsonl, line 2 is left out", Assert.Single(_said), StringComparison.Ordinal);
    }

    [Fact]
    public void Joined_tables_give_their_columns_by_uid_key_or_url_and_no_value_where_a_row_has_no_partner()
    {
        var list = Write("list.jsonl", List);
        var scores = Write("scores.csv", "key,score,text\n003,0.9,other\n000,0.1,one\n009,1,none\n");
        var result = Run(new SelectOptions { Source = list, With = [scores], Where = "score is null or score > 0.5" }, "out.csv");
        Assert.Equal((5, 4, 3), (result.Rows, result.Selected, result.WithoutValue["score"]));
        Assert.Equal("key,width,similarity,text,score,text_2\n001,300,0.2,b,,\n002,300,,c,,\n003,400,0.4,\"d, \"\"e\"\"\",0.9,other\n004,250,,f,,\n", File.ReadAllText(_folder.File("out.csv")));
        Assert.Equal([$"'{scores}' is joined by key; its 'text' is called 'text_2' here."], _said);

        var twice = Write("twice.csv", "key,score\n003,1\n003,2\n");
        Assert.Contains("its key '003' is there more than once", Fails(new SelectOptions { Source = list, With = [twice] }), StringComparison.Ordinal);
        var other = Write("other.csv", "id,url\n003,2\n");
        var message = Fails(new SelectOptions { Source = list, With = [other] });
        Assert.Contains("expected one of the columns uid, key, url that the list has too. It has id, url; the list has key, width", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Several_tables_are_joined_one_behind_the_other()
    {
        var list = Write("list.csv", "url,a\nx,1\ny,2\nz,3\n");
        var (first, second) = (Write("first.csv", "url,uid\nz,7\nx,5\n"), Write("second.csv", "uid,b\n5,50\n7,70\n"));
        Run(new SelectOptions { Source = list, With = [first, second], Where = "b > 0" }, "out.csv");
        Assert.Equal("url,a,uid,b\nx,1,5,50\nz,3,7,70\n", File.ReadAllText(_folder.File("out.csv")));
    }

    [Fact]
    public void Rows_are_selected_by_files_of_uids_and_written_as_one()
    {
        var uids = Enumerable.Range(0, 6).Select(i => $"{i:x16}{1000 - i:x16}").ToList();
        var list = Write("list.jsonl", string.Join('\n', uids.Append("no uid").Select((uid, i) => $$"""{"uid": "{{uid}}", "n": {{i}}}""")));
        Select(list, "n in (5, 1, 3, 6)", "some.npy");
        Assert.Equal(["3 selected", "1 selected rows have no uid of 32 hexadecimal digits and are not written; the first has 'no uid'."], [$"{UidFile.Read(_folder.File("some.npy")).Length} selected", _said.Single()]);
        Select(list, "n >= 3 and n < 6", "upper.npy");
        Run(new SelectOptions { Source = list, Uids = [_folder.File("some.npy"), _folder.File("upper.npy")], Columns = ["N"] }, "out.csv");
        Assert.Equal("n\n3\n5\n", File.ReadAllText(_folder.File("out.csv")));
        var none = Fails(new SelectOptions { Source = Write("none.csv", "url,a\n1,2\n"), Uids = [_folder.File("some.npy")] });
        Assert.Contains("some.npy' asks for the column 'uid'. Columns: url, a.", none, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_are_sorted_limited_and_drawn()
    {
        var list = Write("list.jsonl", List);
        Run(new SelectOptions { Source = list, OrderBy = "width DESC, key", Limit = 3, Columns = ["key", "width"] }, "out.csv");
        Assert.Equal("key,width\n003,400\n001,300\n002,300\n", File.ReadAllText(_folder.File("out.csv")));

        var many = Write("many.csv", "key\n" + string.Join('\n', Enumerable.Range(0, 1000).Select(i => $"k{i:D4}")));
        List<string> Drawn(long count, ulong seed)
        {
            Assert.Equal(count, Run(new SelectOptions { Source = many, Sample = count, Seed = seed, Where = "key >= 'k0500'" }, "drawn.csv").Written);
            return Keys("drawn.csv");
        }

        var hundred = Drawn(100, 1);
        Assert.Equal(hundred.Order(StringComparer.Ordinal), hundred);
        Assert.Equal(100, hundred.Distinct().Count());
        Assert.Subset(hundred.ToHashSet(), Drawn(30, 1).ToHashSet());
        Assert.NotEqual(hundred, Drawn(100, 2));
        Assert.InRange(hundred.Count(key => string.CompareOrdinal(key, "k0750") < 0), 30, 70);
    }

    [Fact]
    public void The_condition_can_ask_of_the_whole_list() =>
        Assert.Equal(1, Select(Write("list.jsonl", List), "similarity >= (SELECT quantile_cont(similarity, 0.7) FROM rows)", null).Selected);

    [Theory]
    [InlineData("nothere > 3", "Referenced column \"nothere\" not found in FROM clause", "Columns: key, width, similarity, text.")]
    [InlineData("width >", "syntax error", "--where 'width >' cannot be read")]
    [InlineData("width > 3); DROP TABLE x; SELECT (1", "expected one expression, and nothing behind it", "--where")]
    [InlineData("width > 3; DROP TABLE x", "syntax error at or near \";\"", "--where")]
    [InlineData("1) FROM rows WHERE (2", "expected one condition, and nothing behind it", "--where")]
    [InlineData("width > 3) OR (true), (1", "expected one condition, and nothing behind it", "--where")]
    [InlineData("", "--where ''", "--where")]
    [InlineData("text > 3", "Binder Error: Cannot compare values of type VARCHAR", "--where")]
    [InlineData("CAST(text AS INTEGER) > 3", "cannot be selected: Conversion Error: Could not convert string 'a' to INT32")]
    [InlineData("key in (SELECT column0 FROM read_csv('/etc/passwd'))", "file system operations are disabled", "--where")]
    [InlineData("count(*) > 1", "WHERE clause cannot contain aggregates", "--where")]
    public void A_condition_that_is_none_is_refused_in_one_line_with_the_columns_that_there_are(string where, params string[] parts)
    {
        var message = Fails(new SelectOptions { Source = Write("list.jsonl", List), Where = where });
        Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void A_comment_at_the_end_of_a_condition_takes_nothing_else_with_it() =>
        Assert.Equal(3, Select(Write("list.jsonl", List), "width > 250 -- all wide ones", null).Selected);

    [Theory]
    [InlineData("width LIMIT 1")]
    [InlineData("width; SELECT 2")]
    [InlineData("(SELECT")]
    public void What_is_sorted_by_is_nothing_more(string order) =>
        Assert.Contains("--order-by", Fails(new SelectOptions { Source = Write("list.jsonl", List), OrderBy = order }), StringComparison.Ordinal);

    [Fact]
    public void Names_with_signs_that_mean_something_elsewhere_are_names()
    {
        var folder = Directory.CreateDirectory(_folder.File("it's [1] 50% x=1")).FullName;
        var list = Path.Combine(folder, "a'b*c[1]?.jsonl");
        File.WriteAllText(list, """{"it's \"x\"; --": 1, "it''s": 2}""" + "\n" + """{"it's \"x\"; --": 5, "it''s": 3}""");
        var name = OperatingSystem.IsWindows() ? "o'ut[1].parquet" : "o'ut*[1]?.parquet";
        Run(new SelectOptions { Source = list, Where = "\"it's \"\"x\"\"; --\" > 2" }, Path.Combine(folder, name));
        File.Copy(Path.Combine(folder, name), Path.Combine(folder, "o'ut-other-1.parquet")); // which the name, read as a pattern, would take too
        var result = Run(new SelectOptions { Source = Path.Combine(folder, name), Columns = ["it''s"] }, Path.Combine(folder, "last.csv"));
        Assert.Equal((1, 1), (result.Rows, result.Written));
        Assert.Equal("it''s\n3\n", File.ReadAllText(Path.Combine(folder, "last.csv")));
    }

    [Fact]
    public void Files_of_other_columns_are_one_list_in_the_order_of_their_names()
    {
        Select(Write("list.csv", "key,a\n1,x\n2,y\n"), null, "p0.parquet");
        Select(Write("list.csv", "b,key\n7,3\n8,4\n"), null, "p1.parquet");
        Run(new SelectOptions { Source = _folder.File("p{1,0}.parquet") }, "out.csv");
        Assert.Equal("b,key,a\n7,3,\n8,4,\n,1,x\n,2,y\n", File.ReadAllText(_folder.File("out.csv")));
    }

    [Fact]
    public void What_cannot_be_read_or_written_is_said_before_any_work()
    {
        File.WriteAllBytes(_folder.File("bad.parquet"), [.. "PAR1 is not all of it"u8]);
        Assert.Contains("bad.parquet' cannot be read", Fails(new SelectOptions { Source = _folder.File("bad.parquet") }), StringComparison.Ordinal);
        Assert.Contains("names no table", Fails(new SelectOptions { Source = _folder.File("none.parquet") }), StringComparison.Ordinal);
        var list = Write("list.jsonl", List);
        Assert.Contains("ends in .parquet, .csv, .jsonl or .npy (uids)", Fails(new SelectOptions { Source = list }, "out.txt"), StringComparison.Ordinal);
        Assert.Contains("leave out --columns", Fails(new SelectOptions { Source = list, Columns = ["key"] }, "out.npy"), StringComparison.Ordinal);
        Assert.Contains("asks for the column 'uid'", Fails(new SelectOptions { Source = list }, "out.npy"), StringComparison.Ordinal);
        Assert.Contains("--columns: there is no 'x'. Columns: key, width", Fails(new SelectOptions { Source = list, Columns = ["key", "x"] }, "out.csv"), StringComparison.Ordinal);
        Assert.Equal(["bad.parquet", "list.jsonl"], Directory.EnumerateFileSystemEntries(_folder.Path).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void A_selection_that_is_stopped_leaves_nothing_behind()
    {
        using var stop = new CancellationTokenSource();
        var options = new SelectOptions { Source = Write("list.csv", "key,n\n" + string.Join('\n', Enumerable.Range(0, 5000).Select(i => $"k{i},{i}"))), Where = "n > 3" };
        Assert.ThrowsAny<OperationCanceledException>(() => new RowSelection(options).Run(_folder.File("out.csv"), (_, done, _) => stop.CancelAfter(done > 2000 ? 0 : -1), stop.Token));
        Assert.Equal(["list.csv"], Directory.EnumerateFileSystemEntries(_folder.Path).Select(Path.GetFileName));
    }

    private SelectResult Select(string list, string? where, string? output) => Run(new SelectOptions { Source = list, Where = where }, output);

    private SelectResult Run(SelectOptions options, string? output) => new RowSelection(options with { Reading = new SourceOptions { Say = _said.Add } })
        .Run(output is null ? null : _folder.File(output), cancellation: TestContext.Current.CancellationToken);

    private string Fails(SelectOptions options, string? output = null) => Assert.Throws<ConfigException>(() => Run(options, output)).Message;

    private string Write(string name, string text)
    {
        File.WriteAllText(_folder.File(name), text);
        return _folder.File(name);
    }

    private List<string> Keys(string name)
    {
        var table = TableFiles.Open(_folder.File(name), cancellation: TestContext.Current.CancellationToken);
        return [.. table.Read(cancellation: TestContext.Current.CancellationToken).Select(row => row.Text(ColumnNames.Find(table.Columns, ["key"]))!)];
    }
}
