using Flip.Data.Files;
using Flip.Data.Shards;

namespace Flip.Data.Layouts;

/// <summary>
/// The written form of an image source: a folder with images, an image, a list of images (<c>.txt</c>, or <c>-</c> for the standard
/// input), or shards (<see cref="ShardPattern"/>; a folder that has shards and no images is one of shards).
/// </summary>
public static class ImageSources
{
    private const string List = ".txt";

    /// <summary>Opens a source.</summary>
    /// <param name="source">Its written form.</param>
    /// <param name="options">What is allowed and who receives messages; null for nothing and nobody.</param>
    /// <param name="cancellation">Stops the indexing of shards.</param>
    /// <exception cref="ConfigException">There is no such source, or it has no image.</exception>
    /// <exception cref="EvaluationDataException">A shard is damaged, and that is not allowed.</exception>
    public static IImageSource Open(string source, SourceOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        options ??= new();
        if (source == TextSources.StandardInput)
        {
            return FileImages.OfList(Console.In, TextSources.StandardInputName, Directory.GetCurrentDirectory(), options);
        }

        source = WrittenPaths.Existing(source);
        if (Directory.Exists(source))
        {
            return OfFolder(source, options, cancellation);
        }

        if (source.EndsWith(List, StringComparison.OrdinalIgnoreCase))
        {
            return FileImages.OfList(source, options);
        }

        return ImageFolder.IsImage(source) ? FileImages.OfFile(source)
            : ShardSources.IsPattern(source) ? new ShardImages(ShardSources.Open(source, options, cancellation))
            : throw new ConfigException(
                $"'{source}' is no source of images: expected a folder, an image ({string.Join(", ", ImageFolder.Extensions)}), a list ({List}, "
                + $"or {TextSources.StandardInput} for the standard input), or .tar shards.");
    }

    private static IImageSource OfFolder(string folder, SourceOptions options, CancellationToken cancellation)
    {
        if (!ShardSources.IsFolder(folder))
        {
            return FileImages.OfFolder(folder, options);
        }

        return ImageFolder.Find(folder, options with { Say = null }) is [var image, ..]
            ? throw new ConfigException(
                $"The folder '{folder}' has both images, such as '{image.Key}', and shards: name the shards ({Path.Combine(folder, "*.tar")}) or "
                + "a list of the images.")
            : new ShardImages(ShardSources.Open(folder, options, cancellation));
    }
}
