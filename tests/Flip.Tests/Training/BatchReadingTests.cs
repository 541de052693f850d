using Flip.Config;
using Flip.Training;

namespace Flip.Tests.Training;

public class BatchReadingTests
{
    [Theory]
    [InlineData(4096, 0, 4096, false, false)]
    [InlineData(14_266, 0, 14_266, false, false)] // the last that fits in one array
    [InlineData(4096, 64, 64, false, false)] // 3 · 4096 · 224² · 3 bytes = 1764 MiB
    [InlineData(8192, 64, 64, true, false)]
    [InlineData(32_768, 64, 64, true, false)]
    [InlineData(8192, 8192, 8192, false, false)]
    public void A_batch_is_streamed_where_it_does_not_fit(int batch, int microBatch, int part, bool streams, bool isChosen) =>
        Assert.Equal(new BatchReading(batch, part, streams, isChosen), BatchReading.Of(Config(batch, microBatch)));

    [Fact]
    public void A_whole_batch_beyond_2_GiB_gets_a_micro_batch_by_the_towers_size()
    {
        // ViT-B/16 with half of 196 patches: 12 · 98 · (768 · 16 + 3 · 12 · 98) = 18.6 million numbers, and 3.5 million of the text.
        Assert.Equal(new BatchReading(14_267, 32, true, true), BatchReading.Of(Config(14_267, 0)));
        var tiny = Config(32_768, 0, new() { Image = new() { Width = 32, Heads = 2, Depth = 1 }, Text = new() { Width = 32, Heads = 2, Depth = 1 } });
        Assert.Equal(256, BatchReading.Of(tiny).MicroBatch);
        var again = Config(32_768, 0) with { Train = Config(32_768, 0).Train with { CheckpointBlocks = 1 } };
        Assert.Equal(256, BatchReading.Of(again).MicroBatch);
    }

    [Fact]
    public void Streaming_can_be_asked_for_by_giving_whole_batches_no_memory() =>
        Assert.True(BatchReading.Of(Config(8, 4) with { Data = new() { BatchMemory = 0 } }).Streams);

    private static FlipConfig Config(int batch, int microBatch, ModelConfig? model = null) => new()
    {
        Model = model ?? new ModelConfig { Image = new() { MaskRatio = 0.5 } },
        Train = new() { BatchSize = batch, MicroBatch = microBatch },
    };
}
