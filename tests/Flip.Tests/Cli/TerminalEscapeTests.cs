using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flip.Io;
using Flip.Tests.Conversion.Download;
using Flip.Tests.Data.Images;

namespace Flip.Tests.Cli;

/// <summary>Names, notes and messages of strangers with what a terminal obeys, through whole commands.</summary>
[Collection(Alone.Name)]
public sealed class TerminalEscapeTests : IDisposable
{
    private const string Hostile = "\u001b]0;owned\u0007\u001b[2J\u009b31m\b\u202egnp\u2066[red]";

    private readonly TemporaryFolder _folder = new();
    private readonly ImageFolderFixture _images = new();

    public void Dispose()
    {
        _images.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Class_names_and_folders_are_shown_and_not_obeyed()
    {
        TinyModel.Save(_folder.File("model"));
        for (var i = 0; i < 3; i++)
        {
            _images.Add($"photos/a/{i}.png", 16 + i);
            _images.Add($"photos/b/{i}.png", 32 + i);
        }

        File.WriteAllText(_folder.File("names.json"), JsonSerializer.Serialize(new Dictionary<string, string> { ["a"] = "dog" + Hostile, ["b"] = "cat" }));
        string[] command = ["eval", _folder.File("model"), "--on", _images.File("photos"), "--classes", _folder.File("names.json"), "--cache", _folder.File("cache")];
        Shows(command, 0, "photos");
        Shows([.. command, "--json"], 0, "dog");
        Shows(["rank", _folder.File("model"), "--images", _images.File("photos/a"), "--texts", "dog" + Hostile], 0, "dog\\u001B]0;owned");
        var (_, json, _) = CommandRun.Run(["rank", _folder.File("model"), "--images", _images.File("photos/a"), "--texts", "dog" + Hostile, "--json"]);
        Assert.Contains("dog" + Hostile, Strings(JsonNode.Parse(json)!)); // escapes are JSON's: nothing is lost
        AssertPlain(json);
    }

    [Fact]
    public void File_names_are_shown_and_not_obeyed()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs file names with control characters");
        var path = _folder.File("m" + Hostile);
        Shows(["inspect", path], 1, "m\\u001B]0;owned");
        Directory.CreateDirectory(path);
        Shows(["inspect", path], 1, "m\\u001B]0;owned");
        TinyModel.Save(path);
        Shows(["inspect", path], 0, "m\\u001B]0;owned");
        File.WriteAllText(Path.Combine(path, "config.json"), "{\"architectures\":[\"" + JsonEncodedText.Encode(Hostile) + "\"]}");
        Shows(["inspect", path], 1, "\\u001B]0;owned");
        Shows(["config", "-s", "x" + Hostile + "=1"], 1, "x\\u001B]0;owned");
        Shows(["no" + Hostile], 1, "no\\u001B]0;owned");
    }

    [Fact]
    public void Tensor_names_and_configurations_of_a_model_are_shown_and_not_obeyed()
    {
        var name = "w" + Hostile;
        var header = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(new Dictionary<string, object>
        {
            [name] = new { dtype = "F32", shape = new[] { 1 }, data_offsets = new[] { 0, 4 } },
            ["__metadata__"] = new Dictionary<string, string> { ["note"] = Hostile },
        }));
        File.WriteAllBytes(_folder.File("model.safetensors"), [.. BitConverter.GetBytes((long)header.Length), .. header, 0, 0, 0, 0]);
        Shows(["inspect", _folder.File("model.safetensors"), "--tensors"], 0, "w\\u001B]0;owned");
        AssertPlain(CommandRun.Run(["inspect", _folder.File("model.safetensors"), "--tensors", "--json"]).Output);

        TinyModel.Save(_folder.File("model"));
        var file = Path.Combine(_folder.File("model"), "config.json");
        var json = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        json["x" + Hostile] = 1;
        AtomicFile.WriteText(file, json.ToJsonString());
        Shows(["inspect", _folder.File("model")], 1, "\\u001B]0;owned");
        Shows(["inspect", _folder.File("model"), "--verbose"], 1, "\\u001B]0;owned", "   at ");
    }

    [Fact]
    public void Messages_of_a_hub_are_shown_and_not_obeyed()
    {
        using var hub = new FakeHub();
        hub.Server.Answers["/api/models/flip/tiny/revision/main"] = context =>
            LoopbackServer.Status(context, 404, JsonSerializer.Serialize(new { error = "gone" + Hostile }), "application/json");
        Shows(["pull", FakeHub.Name, "--hub", hub.Server.Url.AbsoluteUri, "--to", _folder.File("m")], 1, "gone", "\\u202Egnp");
    }

    [Fact]
    public void The_process_itself_filters_both_of_its_streams()
    {
        var (code, output, error) = BoundedCommand.Run(["rank", "no" + Hostile, "--images", "x", "--texts", "y"]);
        Assert.Equal(1, code);
        AssertPlain(output + error);
    }

    /// <summary>Runs a command of which nothing is obeyed, and all the parts are there.</summary>
    private static void Shows(string[] args, int code, params string[] parts)
    {
        var run = CommandRun.Run(args);
        var text = run.Output + run.Error;
        Assert.True(run.Code == code, text);
        AssertPlain(text);
        Assert.All(parts, part => Assert.Contains(part, text.ReplaceLineEndings(""), StringComparison.Ordinal));
        Assert.DoesNotContain("internal error", text, StringComparison.Ordinal);
    }

    private static void AssertPlain(string text) => Assert.DoesNotContain(text, c =>
        (char.IsControl(c) && c is not ('\n' or '\r' or '\t')) || c is (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069'));

    private static IEnumerable<string> Strings(JsonNode node) => node switch
    {
        JsonObject entries => entries.SelectMany(entry => entry.Value is null ? [] : Strings(entry.Value)),
        JsonArray items => items.SelectMany(item => item is null ? [] : Strings(item)),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => [value.GetValue<string>()],
        _ => [],
    };
}
