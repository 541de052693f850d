using System.Text.Json;
using System.Text.Json.Serialization;
using Flip.Config;
using Flip.Data.Sources;

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

    internal override bool IsAt(string folder, LayoutOptions options) => FindFile(folder, File, options.Split) is not null;

    internal override CaptionedImages Open(string folder, LayoutOptions options, CancellationToken cancellation)
    {
        var path = FindFile(folder, File, options.Split)!;
        var set = CaptionFiles.ReadJson<CaptionSet>(path, Json);
        var captions = set.Annotations.ToLookup(annotation => annotation.ImageId, annotation => annotation.Caption);
        return CaptionFiles.Open(
            path, folder, Images, [.. set.Images.Select(image => (image.FileName, CaptionFiles.Kept(captions[image.Id])))], options);
    }

    private sealed record CaptionSet(IReadOnlyList<CaptionedImage> Images, IReadOnlyList<Annotation> Annotations);

    private sealed record CaptionedImage(long Id, [property: JsonPropertyName("file_name")] string FileName);

    private sealed record Annotation([property: JsonPropertyName("image_id")] long ImageId, string Caption);
}
