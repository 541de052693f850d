using System.Text.Json;

namespace Flip.Data.Layouts;

/// <summary>Karpathy's splits: one JSON file with the captions of all images, <c>dataset_flickr30k.json</c>, and the images in a folder.</summary>
/// <param name="File">The JSON file, relative to the data set.</param>
public sealed record KarpathyCaptions(string File) : CaptionedLayout
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>Folders in which the images may lie.</summary>
    public IReadOnlyList<string> Images { get; init; } = ["", "images", "Images"];

    /// <inheritdoc/>
    public override string Kind => "karpathy";

    /// <inheritdoc/>
    public override string Describe(string split) =>
        $"Karpathy's captions ({File}{Place}, images in {string.Join(", ", Images.Select(folder => folder.Length == 0 ? "." : folder))})";

    internal override bool IsAt(string folder, LayoutOptions options) => System.IO.File.Exists(Path.Combine(folder, File));

    internal override CaptionedImages Open(string folder, LayoutOptions options, CancellationToken cancellation)
    {
        var path = options.Source.Inside(Path.Combine(folder, File));
        var splits = SplitNames.Of(options.Split).Contains(SplitNames.Train) ? (string[])["train", "restval"] : [options.Split];
        var captions = CaptionFiles.Whole(CaptionFiles.ReadJson<CaptionSet>(path, Json).Images, path, "images")
            .Where(image => splits.Contains(image.Split))
            .Select(image => (
                image.Filepath is null ? image.Filename : $"{image.Filepath}/{image.Filename}",
                CaptionFiles.Kept(CaptionFiles.Whole(image.Sentences, path, "sentences").Select(sentence => sentence.Raw))));
        return CaptionFiles.Open(path, folder, Images, [.. captions], options);
    }

    private sealed record CaptionSet(IReadOnlyList<CaptionedImage?> Images);

    private sealed record CaptionedImage(string Filename, string Split, IReadOnlyList<Sentence?> Sentences, string? Filepath = null);

    private sealed record Sentence(string Raw);
}
