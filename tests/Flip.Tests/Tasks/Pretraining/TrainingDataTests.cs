using Flip.Config;
using Flip.Data;
using Flip.Tasks.Pretraining;
using Flip.Tests.Data;

namespace Flip.Tests.Tasks.Pretraining;

public sealed class TrainingDataTests : IDisposable
{
    private readonly TestShards _shards = new();
    private readonly List<string> _said = [];

    public void Dispose() => _shards.Dispose();

    [Fact]
    public void Of_many_damaged_shards_the_first_are_shown_and_the_others_counted()
    {
        _shards.WritePairs(5);
        for (var i = 0; i < 7; i++)
        {
            File.WriteAllBytes(_shards.Path($"x{i}.tar"), []);
        }

        TrainingData.Open(new DataConfig { Train = _shards.Folder }, _said.Add, CancellationToken.None);
        Assert.Equal(4, _said.Count);
        Assert.Equal([0, 1], _said.Take(2).Select(line => line[line.IndexOf(".tar", StringComparison.Ordinal) - 1] - '0'));
        Assert.Equal("Damaged: 5 more shards are like these (empty shard: 7 in all).", _said[2]);
        Assert.Equal("5 samples in 1 shards.", _said[3]);
    }

    [Fact]
    public void Learning_a_vocabulary_can_be_canceled()
    {
        _shards.WritePairs(5);
        var config = new DataConfig { Train = _shards.Folder };
        var data = TrainingData.Open(config, _said.Add, CancellationToken.None);
        Assert.Throws<OperationCanceledException>(() => data.Tokenizer(config, _said.Add, new CancellationToken(canceled: true)));
    }

    [Fact]
    public void Indexing_tells_how_far_it_is_every_three_seconds()
    {
        var clock = new Clock();
        var progress = new SourceProgress(_said.Add, "Indexing", "shards", clock);
        for (var done = 1; done <= 70; done++, clock.Seconds += 0.1)
        {
            progress.Report(done, 2000);
        }

        Assert.Equal(["Indexing: 31 of 2,000 shards.", "Indexing: 61 of 2,000 shards."], _said);
    }

    private sealed class Clock : TimeProvider
    {
        public double Seconds { get; set; }

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => (long)Math.Round(Seconds * 1000);
    }
}
