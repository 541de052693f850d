using System.Text;
using System.Text.Json;
using Flip.Io;

namespace Flip.Tests.Io;

public sealed class JsonInputTests
{
    [Theory]
    [InlineData("""{ "a": "\ud800" }""", "half of a surrogate pair")]
    [InlineData("""{ "\udc00": 1 }""", "half of a surrogate pair")]
    [InlineData("""{ "a": 1e999 }""", "1e999 is beyond every number")]
    [InlineData("""{ "a": -1e400 }""", "-1e400 is beyond every number")]
    [InlineData("""{ "a": 1, "a": 2 }""", "duplicate key 'a'")]
    [InlineData("""{ "a": 1, "\u0061": 2 }""", "duplicate key 'a'")]
    [InlineData("{ \"a\": \"\u0001\" }", "0x01")]
    [InlineData("{}\0", "0x00")]
    [InlineData("{} {}", "'{'")]
    [InlineData("", "")]
    public void What_parsers_fail_at_late_is_a_JSON_error_with_its_place(string json, string problem)
    {
        var error = Assert.ThrowsAny<JsonException>(() => JsonInput.Checked(json));
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
        Assert.Contains("LineNumber: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_no_UTF8_are_an_error()
    {
        Assert.Contains(
            "no UTF-8", Assert.Throws<JsonException>(() => JsonInput.Check([.. "{ \"a\": \""u8, 0xff, .. "\" }"u8], default)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nesting_and_length_are_bounded()
    {
        Assert.ThrowsAny<JsonException>(() => JsonInput.Checked(new string('[', 10_000) + new string(']', 10_000)));
        var error = Assert.Throws<JsonException>(() => JsonInput.Checked("\"" + new string('x', 100) + "\"", maxLength: 100));
        Assert.Contains("it has 102 bytes, and at most 100 are read", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_is_not_read_beyond_its_limit()
    {
        using var folder = new TemporaryFolder();
        using (var file = File.Create(folder.File("long.json")))
        {
            file.SetLength(1L << 40); // a hole
        }

        Assert.Contains("bytes, and at most", Assert.Throws<JsonException>(() => JsonInput.Read(folder.File("long.json"))).Message, StringComparison.Ordinal);
        Assert.Contains("bytes, and at most", Assert.Throws<InvalidDataException>(() => JsonInput.ReadText(folder.File("long.json"))).Message, StringComparison.Ordinal);
        if (OperatingSystem.IsLinux())
        {
            Assert.ThrowsAny<JsonException>(() => JsonInput.Read("/dev/zero"));
        }
    }

    [Fact]
    public void Good_JSON_passes_with_a_mark_comments_where_they_are_asked_for_and_numbers_of_any_size()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("a.json"), """{ "a": [-0, 1e-400, 12345678901234567890, "\ud83d\ude00"], "b": { "a": null } }""", new UTF8Encoding(true));
        Assert.Equal((byte)'{', JsonInput.Read(folder.File("a.json")).Span[0]);
        File.WriteAllText(folder.File("b.json"), "{ // why\n \"a\": 1, }");
        JsonInput.Read(folder.File("b.json"), options: new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
        Assert.ThrowsAny<JsonException>(() => JsonInput.Read(folder.File("b.json")));
    }
}
