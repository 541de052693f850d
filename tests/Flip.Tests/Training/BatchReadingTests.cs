using Flip.Config;
using Flip.Devices;
using Flip.Training;
using TorchSharp;

namespace Flip.Tests.Training;

public class BatchReadingTests
{
    private const long Gigabyte = 1_000_000_000;
    private static readonly Compute Cpu = new(torch.CPU, torch.ScalarType.Float32);
    private static readonly Compute Gpu = new(new torch.Device(DeviceType.CUDA, 0), torch.ScalarType.BFloat16);

    [Theory]
    [InlineData(64, 0, 64, false, false)]
    [InlineData(96, 0, 96, false, false)] // 100 MB a pair: 98 fit in half of the memory, beside 2.0 GB of the model
    [InlineData(128, 0, 64, false, true)]
    [InlineData(4096, 64, 64, false, false)] // 3 · 4096 · 98 patches · 768 bytes = 882 MiB, and their indices
    [InlineData(16_384, 64, 64, true, false)]
    [InlineData(8192, 8192, 8192, false, false)]
    public void A_batch_is_divided_where_its_activations_do_not_fit_and_streamed_where_its_pixels_do_not(
        int batch, int microBatch, int part, bool streams, bool isChosen) =>
        Assert.Equal(new BatchReading(batch, part, streams, isChosen), BatchReading.Of(Config(batch, microBatch), Cpu, 24 * Gigabyte, 24 * Gigabyte));

    [Fact]
    public void A_chosen_micro_batch_of_a_processor_is_a_power_of_two_up_to_256()
    {
        var tiny = Config(1 << 18, 0, new() { Image = new() { Width = 32, Heads = 2, Depth = 1 }, Text = new() { Width = 32, Heads = 2, Depth = 1, VocabularySize = 100 } });
        Assert.Equal(256, BatchReading.Of(tiny, Cpu, 24 * Gigabyte, 24 * Gigabyte).MicroBatch);
        Assert.Equal(1, BatchReading.Of(Config(4096, 0), Cpu, 2 * Gigabyte, 2 * Gigabyte).MicroBatch);
    }

    [Theory]
    [InlineData(4096, 1408)] // 37 MB a pair: 1 808 fit beside the model, the logits and the pixels; three equal parts, rounded up to a multiple of 64
    [InlineData(1024, 1024)]
    [InlineData(65_536, 1664)]
    public void A_GPU_computes_as_many_pairs_at_a_time_as_fit_in_equal_parts(int batch, int part)
    {
        var reading = BatchReading.Of(Config(batch, 0), Gpu, 80 * Gigabyte, 256 * Gigabyte);
        Assert.Equal((part, false), (reading.MicroBatch, reading.Streams));
    }

    [Fact]
    public void Pixels_stay_on_a_GPU_unless_they_do_not_fit_there_or_beside()
    {
        Assert.False(BatchReading.Of(Config(65_536, 1024), Gpu, 80 * Gigabyte, 256 * Gigabyte).Streams); // 5 GB
        Assert.True(BatchReading.Of(Config(65_536, 1024), Gpu, 24 * Gigabyte, 256 * Gigabyte).Streams);
        Assert.True(BatchReading.Of(Config(65_536, 1024), Gpu, 80 * Gigabyte, 32 * Gigabyte).Streams);
    }

    [Fact]
    public void Recomputed_blocks_leave_room_for_more_pairs()
    {
        var again = Config(4096, 0) with { Train = Config(4096, 0).Train with { CheckpointBlocks = 1 } };
        Assert.Equal(4096, BatchReading.Of(again, Gpu, 80 * Gigabyte, 256 * Gigabyte).MicroBatch);
    }

    [Fact]
    public void Whole_batches_are_made_ahead_in_parts()
    {
        Assert.Equal(6, new BatchReading(8, 3, Streams: false, IsChosen: false).PartsAhead(2));
        Assert.Equal(2, new BatchReading(8, 3, Streams: true, IsChosen: false).PartsAhead(2));
    }

    [Fact]
    public void Streaming_can_be_asked_for_by_giving_whole_batches_no_memory()
    {
        var config = Config(8, 4) with { Data = new() { BatchMemory = 0 } };
        Assert.True(BatchReading.Of(config, Cpu).Streams);
        Assert.True(BatchReading.Of(config, Gpu, 80 * Gigabyte, 256 * Gigabyte).Streams);
    }

    [Fact]
    public void A_micro_batch_beyond_the_memory_is_refused_with_one_that_fits()
    {
        var error = Assert.Throws<ConfigException>(() => BatchReading.CheckMemory(Config(1 << 16, 1 << 16), Cpu));
        Assert.Contains("train.microBatch = 65536", error.Message, StringComparison.Ordinal);
        Assert.Contains("is the same step in parts", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Images_of_a_classifier_are_divided_like_pairs()
    {
        var image = new ImageConfig();
        int Part(int batch, int microBatch) =>
            BatchReading.PartOfImages(image, new FinetuneConfig { BatchSize = batch, MicroBatch = microBatch }, 86_000_000, Cpu, 0);
        Assert.Equal(3, Part(1024, 3));
        Assert.Equal(2, Part(2, 0));
        Assert.Contains(Part(1 << 20, 0), new[] { 1, 2, 4, 8, 16, 32, 64, 128, 256 });
    }

    private static FlipConfig Config(int batch, int microBatch, ModelConfig? model = null) => new()
    {
        Model = model ?? new ModelConfig { Image = new() { MaskRatio = 0.5 } },
        Train = new() { BatchSize = batch, MicroBatch = microBatch },
    };
}
