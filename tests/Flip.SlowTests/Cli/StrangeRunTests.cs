using Flip.Tasks.Finetuning;
using Flip.Tests;
using Flip.Tests.Cli;
using Flip.Tests.Data.Images;
using static Flip.Tests.Cli.CommandRun;

namespace Flip.SlowTests.Cli;

/// <summary>A stranger's run is resumed: nothing outside its folder changes, and nothing is waited for.</summary>
[Collection(Alone.Name)]
public sealed class StrangeRunTests(StrangeRunTests.Sample sample) : IClassFixture<StrangeRunTests.Sample>, IDisposable
{
    private const int Threads = 100;

    private readonly TemporaryFolder _folder = new();
    private readonly Bystander _bystander = new();

    private string Folder => _folder.File("run");

    public void Dispose()
    {
        _bystander.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("checkpoints", true)]
    [InlineData("checkpoints/samples-0000000000008", true)]
    [InlineData("checkpoints/samples-0000000000001", true)]
    [InlineData("checkpoints/samples-0000000000008/model.safetensors", false)]
    [InlineData("checkpoints/samples-0000000000009.unfinished", true)]
    [InlineData("model", true)]
    [InlineData("model/classifier.safetensors", false)]
    [InlineData("start", true)]
    [InlineData("tokenizer", true)]
    [InlineData("tensorboard", true)]
    [InlineData("evaluation", true)]
    [InlineData("metrics.jsonl", false)]
    [InlineData("config.json", false)]
    [InlineData("inputs.json", false)]
    [InlineData("results.json", false)]
    [InlineData("report.html", false)]
    [InlineData(".lock", false)]
    [InlineData(".lock.json", false)]
    public void An_entry_that_leads_elsewhere_is_refused_before_anything_is_written(string entry, bool isFolder)
    {
        sample.CopyTo(Folder);
        _bystander.Lure(Path.Combine(Folder, entry), isFolder);
        var before = Listing();
        AssertFails(["finetune", "--resume", Folder], $"{Path.Combine(Folder, entry)} is a link to '", "remove it");
        AssertFails(["train", "--resume", Folder], $"{Path.Combine(Folder, entry)} is a link to '");
        Assert.Equal(before, Listing());
        _bystander.AssertUntouched();
    }

    [Theory]
    [InlineData("metrics.jsonl")]
    [InlineData("model")]
    [InlineData(".lock")]
    public void A_new_run_does_not_begin_over_a_link(string entry)
    {
        Bystander.LinkTo(Path.Combine(_bystander.Path, "new"), Path.Combine(Folder, entry));
        AssertFails(["finetune", .. sample.Arguments, "--run", Folder], $"{entry} is a link to '");
        _bystander.AssertUntouched();
    }

    [Theory]
    [InlineData("metrics.jsonl")]
    [InlineData("config.json")]
    [InlineData("checkpoints/samples-0000000000008/state.json")]
    [InlineData(".lock.json")]
    public void A_named_pipe_is_told_and_not_waited_for(string entry)
    {
        sample.CopyTo(Folder);
        File.Delete(Path.Combine(Folder, entry));
        Bystander.MakePipe(Path.Combine(Folder, entry));
        if (entry == "metrics.jsonl")
        {
            BoundedCommand.AssertFails(["finetune", "--resume", Folder], "metrics.jsonl is a named pipe");
        }
        else
        {
            AssertFails(["finetune", "--resume", Folder], $"{entry} is a named pipe");
        }
    }

    [Fact]
    public void A_resumed_run_follows_no_link_by_a_temporary_name_nor_writes_into_a_second_name()
    {
        sample.CopyTo(Folder);
        foreach (var name in (string[])["config.json", "results.json", "metrics.jsonl", ".lock.json"])
        {
            for (var thread = 0; thread < Threads; thread++)
            {
                Bystander.LinkTo(_bystander.File, Path.Combine(Folder, $"{name}.{Environment.ProcessId}-{thread}.tmp"));
            }
        }

        File.Delete(Path.Combine(Folder, "metrics.jsonl"));
        Bystander.MakeHardLink(_bystander.File, Path.Combine(Folder, "metrics.jsonl"));
        var (code, _, error) = Run(["finetune", "--resume", Folder, "--json"]);
        Assert.True(code == 0, error);
        Assert.Equal(sample.Whole, File.ReadAllBytes(Path.Combine(Folder, "model", ClassifierFolder.WeightsFile)));
        _bystander.AssertUntouched();
    }

    [Theory]
    [InlineData("9999999999999", "8")]
    [InlineData("9223372036854775807", "8")]
    [InlineData("8", "9223372036854775807")]
    public void A_state_that_no_run_has_is_refused(string samples, string steps)
    {
        sample.CopyTo(Folder);
        var checkpoint = Path.Combine(Folder, "checkpoints", "samples-0000000000008");
        File.WriteAllText(Path.Combine(checkpoint, "state.json"), $$"""{"samples":{{samples}},"steps":{{steps}},"seconds":1,"samplesPerEpoch":8,"badSamples":{} }""");
        AssertFails(["finetune", "--resume", Folder], checkpoint, "state.json");
    }

    [Fact]
    public void A_run_s_folder_may_itself_be_a_link()
    {
        sample.CopyTo(Folder);
        Bystander.LinkTo(Folder, _folder.File("mine"));
        var (code, _, error) = Run(["finetune", "--resume", _folder.File("mine"), "--json"]);
        Assert.True(code == 0, error);
        Assert.Equal(sample.Whole, File.ReadAllBytes(Path.Combine(Folder, "model", ClassifierFolder.WeightsFile)));
    }

    private List<(string Path, DateTime Changed)> Listing() =>
    [
        .. Directory.EnumerateFileSystemEntries(Folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(path => (path, File.GetLastWriteTimeUtc(path))),
    ];

    /// <summary>A run that was stopped at its first checkpoint, and the weights it ends with.</summary>
    public sealed class Sample : IDisposable
    {
        private readonly ImageFolderFixture _images = new();
        private readonly TemporaryFolder _folder = new();

        public Sample()
        {
            TinyModel.Save(_folder.File("tiny"));
            for (var i = 0; i < 4; i++)
            {
                _images.Add($"a red dog/{i:D4}.png", 16 + i);
                _images.Add($"the green car/{i:D4}.png", 32 + i);
            }

            var run = _folder.File("run");
            var (code, _, error) = Run(["finetune", .. Arguments, "--run", run, "--json"]);
            Assert.True(code == 0, error);
            Whole = File.ReadAllBytes(Path.Combine(run, "model", ClassifierFolder.WeightsFile));
            Directory.Delete(Path.Combine(run, "checkpoints", "samples-0000000000016"), recursive: true);
        }

        public byte[] Whole { get; }

        public string[] Arguments =>
        [
            _folder.File("tiny"), "--train", _images.Path, "--test", _images.Path, "--epochs", "2", "--batch", "4",
            "-s", "checkpointEvery=2 steps", "-s", "keepCheckpoints=0", "-s", "precision=fp32",
        ];

        public void CopyTo(string run) => TemporaryFolder.Copy(_folder.File("run"), run);

        public void Dispose()
        {
            _images.Dispose();
            _folder.Dispose();
        }
    }
}
