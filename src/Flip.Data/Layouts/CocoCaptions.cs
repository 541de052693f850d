using System.Text.Json;
using System.Text.Json.Serialization;

namespace Flip.Data.Layouts;

/// <summary>COCO's captions: a JSON file with <c>images</c> and <c>annotations</c>, and the images in a folder.</summary>
/// <param name="File">The JSON file, relative to the data set; <c>{split}</c> stands for the split.</param>
public sealed record CocoCaptions(string File) : CaptionedLayout
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>Folders in which the images may lie.</summary>
    public IReadOnlyList<string> Images { get; init; } = ["", "images"];

    /// <inheritdoc/>
    public override string Kind => "coco";

    /// <inheritdoc/>
    public override string Describe(string split) =>
        $"COCO's captions ({Fill(File, split)}{Place}, images in "
        + $"{string.Join(", ", Images.Select(folder => folder.Length == 0 ? "." : folder))})";

    internal override bool IsAt(string folder, LayoutOptions options) => FindFile(folder, File, options) is not null;

    internal override CaptionedImages Open(string folder, LayoutOptions options, CancellationToken cancellation)
    {
        var path = FindFile(folder, File, options)!;
        var set = CaptionFiles.ReadJson<CaptionSet>(path, Json);
        var captions = CaptionFiles.Whole(set.Annotations, path, "annotations").ToLookup(annotation => annotation.ImageId, annotation => annotation.Caption);
        var images = CaptionFiles.Whole(set.Images, path, "images");
        if (images.GroupBy(image => image.Id).FirstOrDefault(group => group.Skip(1).Any()) is { Key: var twice })
        {
            throw new ConfigException(FormattableString.Invariant($"'{path}': the id {twice} is there twice, so it does not tell which captions are whose."));
        }

        return CaptionFiles.Open(
            path, folder, Images, [.. images.Select(image => (image.FileName, CaptionFiles.Kept(captions[image.Id])))], options);
    }

    private sealed record CaptionSet(IReadOnlyList<CaptionedImage?> Images, IReadOnlyList<Annotation?> Annotations);

    private sealed record CaptionedImage(long Id, [property: JsonPropertyName("file_name")] string FileName);

    private sealed record Annotation([property: JsonPropertyName("image_id")] long ImageId, string Caption);
}
