using Flip.Io;

namespace Flip.Tests.Cli.Commands;

[Collection(Alone.Name)]
public sealed class TrainCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("train")]
    [InlineData("finetune")]
    public void A_run_that_another_process_trains_is_refused_with_the_holder_and_stays_as_it_is(string command)
    {
        File.WriteAllText(_folder.File("config.json"), "{}");
        using var held = FolderLock.Take(_folder.Path);
        var unfinished = Directory.CreateDirectory(_folder.File("checkpoints/samples-0000000000001.unfinished"));
        var (code, _, error) = CommandRun.Run([command, "--resume", _folder.Path]);
        Assert.Equal(1, code);
        Assert.Contains($"is in use: process {Environment.ProcessId}", error, StringComparison.Ordinal);
        Assert.DoesNotContain("To go on", error, StringComparison.Ordinal);
        Assert.True(unfinished.Exists);
    }
}
