using Flip.Config;
using Flip.Data.Sources;

namespace Flip.Data.Layouts;

/// <summary>A list with an image and a caption a line, <c>image,caption</c>; an image has as many lines as captions.</summary>
/// <param name="File">The list, relative to the data set; <c>{split}</c> stands for the split.</param>
public sealed record CaptionList(string File) : CaptionedLayout
{
    /// <summary>Folders in which the images may lie.</summary>
    public IReadOnlyList<string> Images { get; init; } = ["", "images", "Images"];

    /// <inheritdoc/>
    public override string Kind => "captionList";

    /// <inheritdoc/>
    public override string Describe(string split) =>
        $"a list of captions ({Fill(File, split)}{Place}, images in "
        + $"{string.Join(", ", Images.Select(folder => folder.Length == 0 ? "." : folder))})";

    internal override bool IsAt(string folder, LayoutOptions options) => FindFile(folder, File, options.Split) is not null;

    internal override CaptionedImages Open(string folder, LayoutOptions options, CancellationToken cancellation)
    {
        var path = FindFile(folder, File, options.Split)!;
        var captions = ListRows.Captions(path).GroupBy(row => row.Image).Select(rows => (rows.Key, CaptionFiles.Kept(rows.Select(row => row.Class))));
        return CaptionFiles.Open(path, folder, Images, [.. captions], options);
    }
}
