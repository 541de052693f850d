using System.Text;
using Flip.Cli.Commands;
using Flip.Tests;
using Flip.Tests.Data.Layouts;
using Flip.Tests.Data.Tar;
using static Flip.Tests.Cli.BoundedCommand;

namespace Flip.SlowTests.Cli;

/// <summary>Data of strangers that would take the machine's time or memory, as whole commands in processes of their own.</summary>
public sealed class HostileDataTests : IDisposable
{
    private const int Seconds = 30;

    private readonly LayoutFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("0.tar", "train", "--data", ".")]
    [InlineData("list.txt", "embed", "--images", "list.txt")]
    [InlineData("texts.json", "rank", "--texts-from", "texts.json", "--images", "1.jpg")]
    [InlineData("captions.txt", "eval", "--on", "set.json")]
    [InlineData("mine.json", "eval", "--on", "mine.json")]
    public void A_pipe_is_never_waited_for(string name, string command, params string[] args)
    {
        Bystander.MakePipe(_folder.File(name));
        _folder.Text("set.json", """{"task": "retrieval", "data": "."}""");
        AssertFails(command, args, "");
    }

    [Fact]
    public void Lines_without_end_are_refused_before_they_fill_the_memory()
    {
        Hole("list.txt", 1L << 36);
        Hole("list.csv", 1L << 36);
        AssertFails("embed", ["--images", "list.txt"], "line 1: it is longer than 16,777,216 characters");
        AssertFails("probe", ["--train", "list.csv", "--test", "list.csv"], "line 1: it is longer than");
    }

    [Theory]
    [InlineData("texts.json", "268,435,456", "rank", "--texts-from", "texts.json", "--images", "1.jpg")]
    [InlineData("captions_test.json", "536,870,912", "eval", "--on", "set.json")]
    public void Files_that_are_read_whole_have_a_length(string name, string limit, string command, params string[] args)
    {
        _folder.Text("set.json", """{"task": "retrieval", "data": "."}""");
        Hole(name, 1L << 36);
        AssertFails(command, args, limit);
    }

    [Fact]
    public void Holes_in_a_shard_are_not_read_through()
    {
        _folder.Bytes("0.tar", [.. TarBytes.Header("a.jpg", 0), .. TarBytes.End]);
        Hole("0.tar", 1L << 42);
        AssertFails("train", ["--data", "."], "the data set has 1 sample");
    }

    [Fact]
    public void Files_of_records_with_holes_have_no_more_images_than_a_data_set()
    {
        byte[] Header(byte kind, params int[] numbers) => [0, 0, 8, kind, .. numbers.SelectMany(number => BitConverter.GetBytes(number).Reverse())];
        _folder.Bytes("train-images-idx3-ubyte", Header(3, 1 << 30, 1, 1)).Bytes("train-labels-idx1-ubyte", Header(1, 1 << 30));
        Hole("train-images-idx3-ubyte", (1L << 30) + 16);
        Hole("train-labels-idx1-ubyte", (1L << 30) + 8);
        AssertFails("probe", ["--train", ".", "--test", "."], "at most 16,777,216 are read");
    }

    [Fact]
    public void Links_make_no_more_folders_than_there_are()
    {
        _folder.Image("d25/cat/1.jpg");
        for (var i = 0; i < 25; i++)
        {
            Directory.CreateDirectory(_folder.File($"d{i}"));
            Directory.CreateSymbolicLink(_folder.File($"d{i}/a"), $"../d{i + 1}");
            Directory.CreateSymbolicLink(_folder.File($"d{i}/b"), $"../d{i + 1}");
        }

        var (code, output, error) = Run(["embed", _folder.File("no-model"), "--images", _folder.Path, "--out", _folder.File("e.safetensors")], seconds: Seconds);
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("no-model", error, StringComparison.Ordinal); // the images were found
        Assert.Contains("50 links to folders that are read by another path", output + error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(9, "more than the 1,000,000 that are read")]
    [InlineData(20_000, "braces, more than the 100 that are read")]
    public void A_pattern_is_counted_before_it_is_expanded(int groups, string problem)
    {
        var text = new StringBuilder().Insert(0, groups == 9 ? "{0..9}" : "{0..0}", groups).ToString();
        _folder.Text("set.json", $$"""{"classes": ["a"], "data": "{{text}}.tar"}""");
        AssertFails("eval", ["--on", "set.json"], problem);
    }

    /// <summary>The command in the folder fails within its bounds; names of files become paths.</summary>
    private void AssertFails(string command, string[] args, string part)
    {
        string[] paths = [.. args.Select(arg => arg == "." ? _folder.Path : arg.EndsWith(".tar", StringComparison.Ordinal) || File.Exists(_folder.File(arg)) ? _folder.File(arg) : arg)];
        string[] model = command == "train" ? [] : [_folder.File("no-model")];
        string[] output = command == "embed" ? ["--out", _folder.File("e.safetensors")] : command == "train" ? ["--run", _folder.File("run"), "--preset", "tiny"] : [];
        var (code, _, error) = Run([command, .. model, .. paths, .. output], seconds: Seconds);
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains(part, error, StringComparison.Ordinal);
        Assert.DoesNotContain("internal error", error, StringComparison.Ordinal);
        Assert.DoesNotContain("no-model", error, StringComparison.Ordinal); // the data come first
    }

    /// <summary>Makes a file longer without writing.</summary>
    private void Hole(string name, long length)
    {
        using var file = new FileStream(_folder.File(name), FileMode.OpenOrCreate);
        file.SetLength(length);
    }
}
