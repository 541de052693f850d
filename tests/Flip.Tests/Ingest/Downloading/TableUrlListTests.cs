using Flip.Ingest.Downloading;

namespace Flip.Tests.Ingest.Downloading;

public sealed class TableUrlListTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Usual_names_are_found_and_others_are_named()
    {
        Write("usual.csv", "ID,TEXT,URL", "1,a dog,http://a.example/1", "2,,http://a.example/2", "3,x,");
        var usual = TableUrlList.Open(_folder.File("usual.csv"), new UrlColumns { Saved = ["ID"] });
        Assert.Equal((3L, true), (usual.Count, usual.HasCaptions));
        Assert.Equal([("http://a.example/1", "a dog"), ("http://a.example/2", null), (null, "x")], usual.Read(0, CancellationToken.None).Select(row => (row.Url, row.Caption)));
        Assert.Equal(["2", "3"], usual.Read(1, CancellationToken.None).Select(row => row.Saved[0]!.Value.GetString()));
        Write("other.jsonl", """{"where": "http://a.example/1", "what": "a cat", "sha": "ab"}""", """{"where": "http://a.example/2"}""");
        var other = TableUrlList.Open(_folder.File("other.jsonl"), new UrlColumns { Url = "where", Caption = "what", Sha256 = "sha" });
        Assert.Equal([("http://a.example/1", "a cat", "ab"), ("http://a.example/2", null, null)], other.Read(0, CancellationToken.None).Select(row => (row.Url, row.Caption, row.Hash)));
    }

    [Fact]
    public void A_list_without_addresses_or_with_other_columns_than_asked_for_is_refused()
    {
        Write("a.csv", "name,caption", "x,y");
        Fails(new UrlColumns(), "--url-column", "It has name, caption");
        Fails(new UrlColumns { Url = "link" }, "--url-column link", "no such column");
        Write("a.csv", "url,caption,status", "x,y,z");
        Fails(new UrlColumns { Caption = "text" }, "--caption-column text");
        Fails(new UrlColumns { Saved = ["id"] }, "--save-columns id");
        Fails(new UrlColumns { Saved = ["status"] }, "a field of that name already");

        void Fails(UrlColumns columns, params string[] parts)
        {
            var error = Assert.Throws<ConfigException>(() => TableUrlList.Open(_folder.File("a.csv"), columns));
            Assert.All(parts, part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_list_is_itself_wherever_it_lies_and_another_once_it_is_longer()
    {
        Write("a.csv", "url", "http://a.example/1");
        Directory.CreateDirectory(_folder.File("moved"));
        File.Copy(_folder.File("a.csv"), _folder.File("moved/a.csv"));
        var identity = Identity("a.csv");
        Assert.Equal(identity, Identity("moved/a.csv"));
        Write("a.csv", "url", "http://a.example/12");
        Assert.NotEqual(identity, Identity("a.csv"));

        string Identity(string file) => TableUrlList.Open(_folder.File(file), new UrlColumns()).Identity;
    }

    private void Write(string name, params string[] lines) => File.WriteAllLines(_folder.File(name), lines);
}
