using Flip.Config;
using Flip.Devices;
using Flip.Models;
using static TorchSharp.torch;

namespace Flip.Tests.Models;

public sealed class ModelMemoryTests
{
    private static readonly ModelConfig BaseTower = Presets.Get("flip-b16").Config.Model;

    [Fact]
    public void On_the_processor_the_batch_is_64_and_a_setting_goes_first()
    {
        var compute = new Compute(CPU, ScalarType.Float32);
        Assert.Equal(64, ModelMemory.EncodingBatch(BaseTower, compute, null));
        Assert.Equal(7, ModelMemory.EncodingBatch(BaseTower, compute, 7));
    }

    [Theory]
    [InlineData(80, ScalarType.BFloat16, 1024)] // as many as there are at most
    [InlineData(24, ScalarType.BFloat16, 256)]
    [InlineData(24, ScalarType.Float32, 128)]
    [InlineData(8, ScalarType.BFloat16, 128)]
    [InlineData(0, ScalarType.BFloat16, 1)]
    public void On_a_GPU_the_batch_is_what_an_eighth_of_its_memory_holds(int gigabytes, ScalarType type, int expected)
    {
        Assert.Equal(expected, ModelMemory.EncodingBatch(BaseTower, type, gigabytes * 1_000_000_000L));
        Assert.Equal(expected, ModelMemory.EncodingBatch(BaseTower, type, gigabytes * 1_010_000_000L)); // another card of the kind
    }

    [Fact]
    public void Larger_images_are_fewer_and_a_batch_of_pixels_stays_one_array()
    {
        var large = BaseTower with { Image = BaseTower.Image with { ImageSize = 448 } };
        Assert.True(ModelMemory.EncodingBatch(large, ScalarType.BFloat16, 24_000_000_000) <= 64);
        var flat = large with { Image = large.Image with { ImageSize = 2048, PatchSize = 256, Width = 64, Heads = 1 } };
        Assert.Equal(128, ModelMemory.EncodingBatch(flat, ScalarType.BFloat16, 1L << 50)); // 170 images of 12 MiB are 2 GiB
    }
}
