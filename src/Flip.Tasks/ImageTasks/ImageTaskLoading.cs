using Flip.Config;
using Flip.Data.Images;
using Flip.Data.Loading;

namespace Flip.Tasks.ImageTasks;

/// <summary>How the batches of a task are read: by its settings alone, whatever the task.</summary>
internal static class ImageTaskLoading
{
    /// <summary>The loader's options at a position, samples.</summary>
    public static BatchLoaderOptions Options(ImageTaskConfig config, long position) => new()
    {
        Seed = (ulong)config.Seed,
        Workers = config.Workers,
        PrefetchBatches = config.PrefetchBatches,
        MaxBadShare = config.MaxBadShare,
        Start = position,
        BatchSize = config.BatchSize,
    };

    /// <summary>Images at the tower's size, cropped and mirrored by the recipe.</summary>
    public static PretrainTransform Crops(ImageTaskConfig config, FlipConfig model)
    {
        var image = model.Model.Image;
        var crops = new DataConfig { CropMinArea = config.CropMinArea, FlipProbability = config.FlipProbability, ReducedDecoding = model.Data.ReducedDecoding };
        return new PretrainTransform(image.ImageSize, crops, image.Normalization, (ulong)config.Seed);
    }
}
