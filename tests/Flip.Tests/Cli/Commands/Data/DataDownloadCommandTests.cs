using System.Text.Json;
using Flip.Cli.Commands;
using Flip.Distributed;
using Flip.Tests.Conversion.Download;
using Flip.Tests.Ingest.Downloading;

namespace Flip.Tests.Cli.Commands.Data;

[Collection(Alone.Name)]
public sealed class DataDownloadCommandTests : IDisposable
{
    private readonly DownloadFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public void A_list_is_downloaded_counted_and_failed_rows_are_fetched_again()
    {
        var isDown = true;
        var later = _fixture.With("/later", context =>
        {
            if (isDown)
            {
                LoopbackServer.Status(context, 500);
            }
            else
            {
                _fixture.Send(context, DownloadFixture.Image(1));
            }
        });
        var gone = _fixture.Status("/gone", 404);
        File.WriteAllLines(_fixture.Folder.File("list.csv"), ["url,caption", $"{_fixture.Good(0)},a", $"{gone},b", $"{later},c", $"{_fixture.Good(3)},d"]);
        string[] command = ["data", "download", _fixture.Folder.File("list.csv"), "--out", _fixture.Folder.File("out"), "--allow-private", "--retries", "0", "--size", "16"];
        var (code, output, error) = CommandRun.Run(command);
        Assert.True(code == 0, error);
        Assert.Contains("4 rows, 0 of them done before. This run: 2 came, 2 did not, 0 are no image", output, StringComparison.Ordinal);
        Assert.Contains("HTTP Error 404: Not Found", output, StringComparison.Ordinal);
        Assert.Contains("1 rows failed for causes that may pass", output, StringComparison.Ordinal);
        isDown = false;
        (code, output, error) = CommandRun.Run([.. command, "--retry-failed", "--json"]);
        Assert.True(code == 0, error);
        var summary = JsonDocument.Parse(output).RootElement;
        Assert.Equal((4, 3, 1, 0), (Number("rows"), Number("earlier"), Number("successes"), Number("failedToDownload")));

        int Number(string name) => summary.GetProperty(name).GetInt32();
    }

    [Fact]
    public void All_problems_of_the_command_line_are_told_at_once()
    {
        File.WriteAllText(_fixture.Folder.File("list.csv"), "url\nhttp://a.example/\n");
        string[] command = ["data", "download", _fixture.Folder.File("list.csv"), "--out", _fixture.Folder.File("out")];
        CommandRun.AssertFails(
            [.. command, "--resize", "crop", "--size", "0", "--part", "4/3", "--retry-failed", "some", "--max-aspect-ratio", "0.5", "--quality", "101"],
            "--resize crop", "--size 0", "--part 4/3", "--retry-failed some", "--max-aspect-ratio 0.5", "--quality 101");
        CommandRun.AssertFails(["data", "download", _fixture.Folder.File("none.csv"), "--out", _fixture.Folder.File("out")], "none.csv");
        CommandRun.AssertFails([.. command, "--user-agent-token", "a b"], "--user-agent-token 'a b'");
    }

    [Theory]
    [InlineData(null, null, 1, 1)]
    [InlineData("3/16", null, 3, 16)]
    [InlineData(null, 4, 3, 4)] // the third rank
    [InlineData("2/3", 4, 7, 12)]
    public void A_part_is_by_option_by_rank_or_by_both(string? text, int? world, int part, int parts)
    {
        var problems = new List<string>();
        Assert.Equal((part, parts), PartOption.Read(text, world is null ? null : new LaunchEnvironment(Launcher.OpenMpi, 2, world, 0, 1), problems));
        Assert.Empty(problems);
    }

    [Theory]
    [InlineData("0/3")]
    [InlineData("4/3")]
    [InlineData("3")]
    [InlineData("1/2/3")]
    [InlineData("-1/3")]
    [InlineData("1/100001")]
    public void A_part_that_is_none_is_refused(string text)
    {
        var problems = new List<string>();
        PartOption.Read(text, null, problems);
        Assert.Contains($"--part {text}", Assert.Single(problems), StringComparison.Ordinal);
    }
}
