using System.Text.Json.Nodes;
using Flip.Io;
using Flip.Search;
using Flip.Search.Catalog;
using Flip.Search.Vectors;
using Microsoft.Data.Sqlite;

namespace Flip.Tests.Search;

/// <summary>Indexes that a stranger made.</summary>
public sealed class HostileIndexTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public HostileIndexTests() => TestIndex.Publish(Index, TestIndex.Images(0, 30));

    private string Index => _folder.File("index");

    private string Database => Path.Combine(Index, "images.sqlite");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("CREATE TRIGGER harm AFTER INSERT ON images BEGIN DELETE FROM contents; END")]
    [InlineData("CREATE VIEW more AS SELECT 1")]
    [InlineData("CREATE TABLE more (a)")]
    [InlineData("DROP INDEX images_content")]
    [InlineData("ALTER TABLE images ADD COLUMN more TEXT GENERATED ALWAYS AS (hex(zeroblob(1000000))) VIRTUAL")]
    public void A_database_has_the_tables_of_an_index_and_no_others(string sql)
    {
        Execute(sql);
        Refused("other tables than an index");
        Assert.Throws<IndexFormatException>(() => IndexUpdate.Begin(Index));
    }

    [Theory]
    [InlineData("DELETE FROM images WHERE key = '00003.jpg'", "29 images, and 30 are expected")]
    [InlineData("UPDATE images SET content = 999 WHERE key = '00003.jpg'", "no vector of content 999")]
    [InlineData("INSERT INTO images (key, place, content, since) VALUES ('more', '', 1, 1)", "31 images, and 30 are expected")]
    public void The_parts_of_an_index_have_to_fit(string sql, string problem)
    {
        Execute(sql);
        Refused(problem);
    }

    [Fact]
    public void A_value_longer_than_the_bound_is_not_read()
    {
        Execute("UPDATE images SET key = hex(zeroblob(3000000)) WHERE key = '00003.jpg'");
        using var index = ImageIndex.Open(Index);
        Assert.Throws<IndexFormatException>(() => index.Read().Count());
        Assert.Throws<IndexFormatException>(() => index.Search(TestIndex.Vector(3), 3));
    }

    [Fact]
    public void A_thumbnail_is_a_JPEG_within_its_bound_or_it_is_none()
    {
        Execute("INSERT INTO thumbnails (content, jpeg) VALUES (1, CAST('<script>' AS BLOB)), (2, zeroblob(2000000)), (3, x'FFD8FFD9')");
        using var index = ImageIndex.Open(Index);
        Assert.Null(index.Thumbnail(1));
        Assert.Null(index.Thumbnail(2));
        Assert.Equal([0xFF, 0xD8, 0xFF, 0xD9], index.Thumbnail(3));
        Assert.Null(index.Thumbnail(4));
    }

    [Fact]
    public void A_journal_that_names_a_file_to_be_removed_is_not_rolled_back()
    {
        File.WriteAllBytes(Database + "-journal", [1]);
        Refused("an index has no such file");
        Assert.Throws<IndexFormatException>(() => IndexUpdate.Begin(Index));
        Assert.True(File.Exists(Database + "-journal"));
    }

    [Fact]
    public void Bytes_that_are_no_database_are_refused()
    {
        File.WriteAllBytes(Database, new byte[5000]);
        Refused("no database of an index");
        File.WriteAllText(Database, "SQLite format 3\0" + new string('x', 8000));
        Refused("no database of an index");
    }

    [Theory]
    [InlineData("images.sqlite")]
    [InlineData("index.json")]
    [InlineData("vectors-1.usearch")]
    [InlineData("images.sqlite-wal")]
    public void Links_among_the_files_are_refused(string name)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need rights there");
        var (file, target) = (Path.Combine(Index, name), _folder.File("target"));
        File.WriteAllText(target, "mine");
        File.Delete(file);
        File.CreateSymbolicLink(file, target);
        Assert.Throws<ForeignEntryException>(() => ImageIndex.Open(Index));
        Assert.Throws<ForeignEntryException>(() => IndexUpdate.Begin(Index, TestIndex.Settings()));
        Assert.Equal("mine", File.ReadAllText(target));
    }

    [Theory]
    [InlineData("generation", -1)]
    [InlineData("vectors", -5)]
    [InlineData("vectorsOf", 7)]
    [InlineData("version", 2)]
    [InlineData("unknown", 1)]
    public void A_description_is_read_strictly(string name, int value)
    {
        _folder.Change("index/index.json", json => json[name] = value);
        Assert.Throws<IndexFormatException>(() => ImageIndex.Open(Index));
    }

    [Theory]
    [InlineData("embedDim", 100_000_000)]
    [InlineData("embedDim", 17)]
    [InlineData("thumbnailSide", 100_000)]
    public void Its_settings_have_bounds(string name, int value)
    {
        _folder.Change("index/index.json", json => json["settings"]![name] = value);
        Assert.Throws<IndexFormatException>(() => ImageIndex.Open(Index));
    }

    [Fact]
    public void The_graph_of_a_description_has_bounds()
    {
        _folder.Change("index/index.json", json => json["settings"]!["graph"]!["connectivity"] = 1_000_000);
        Assert.Contains("connectivity is 1000000", Assert.Throws<IndexFormatException>(() => ImageIndex.Open(Index)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_index_that_was_only_begun_says_so()
    {
        using (IndexUpdate.Begin(_folder.File("begun"), TestIndex.Settings()))
        {
            Assert.Contains("holds no images yet", Assert.Throws<ConfigException>(() => ImageIndex.Open(_folder.File("begun"))).Message, StringComparison.Ordinal);
        }
    }

    private void Execute(string sql)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Database, Pooling = false }.ToString());
        connection.Open();
        CatalogDatabase.Execute(connection, sql);
    }

    private void Refused(string problem) =>
        Assert.Contains(problem, Assert.Throws<IndexFormatException>(() => ImageIndex.Open(Index)).Message, StringComparison.Ordinal);
}
