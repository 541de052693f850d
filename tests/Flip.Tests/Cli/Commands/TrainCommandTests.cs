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
        CommandRun.AssertFails([command, "--resume", _folder.Path], "is in use", $"process {Environment.ProcessId}");
        Assert.True(unfinished.Exists);
    }
}
