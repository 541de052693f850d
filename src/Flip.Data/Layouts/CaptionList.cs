using System.Text.RegularExpressions;
using Flip.Data.Files;

namespace Flip.Data.Layouts;

/// <summary>
/// A list with an image and a caption a line, <c>image,caption</c>, also with other separators and a header (<see cref="ListColumns"/> has the
/// names), or JSON lines; an image has as many lines as captions.
/// </summary>
/// <param name="File">The list, relative to the data set; <c>{split}</c> stands for the split.</param>
public sealed partial record CaptionList(string File) : CaptionedLayout
{
    /// <summary>Folders in which the images may lie.</summary>
    public IReadOnlyList<string> Images { get; init; } = ["", "images", "Images"];

    /// <inheritdoc/>
    public override string Kind => "captionList";

    /// <inheritdoc/>
    public override string Describe(string split) =>
        $"a list of captions ({Fill(File, split)}{Place}, images in "
        + $"{string.Join(", ", Images.Select(folder => folder.Length == 0 ? "." : folder))})";

    internal override bool IsAt(string folder, LayoutOptions options) => FindFile(folder, File, options) is not null;

    internal override CaptionedImages Open(string folder, LayoutOptions options, CancellationToken cancellation)
    {
        return Read(FindFile(folder, File, options)!, folder, options);
    }

    /// <summary>Opens a list that was named itself: its name has no places to fill.</summary>
    internal static CaptionedImages OpenFile(string path, LayoutOptions options) =>
        new CaptionList(Path.GetFileName(path)).Read(path, Path.GetDirectoryName(Path.GetFullPath(path))!, options);

    private CaptionedImages Read(string path, string folder, LayoutOptions options)
    {
        var paths = new WrittenPaths();
        bool IsImage(string image) => Images.Any(place => System.IO.File.Exists(paths.Resolve(image, Path.GetFullPath(Path.Combine(folder, place)))));
        string ImageOf(string text) => Numbered().Match(text) is { Success: true } named && !IsImage(text) ? named.Groups["image"].Value : text;
        var captions = ListRows.Captions(path, text => IsImage(ImageOf(text))).GroupBy(row => ImageOf(row.Image), UnicodeName.Comparer)
            .Select(rows => (rows.Key, CaptionFiles.Kept(rows.Select(row => row.Class))));
        return CaptionFiles.Open(path, folder, Images, [.. captions], options);
    }

    /// <summary>Flickr8k's and Flickr30k's token files number the captions of an image: <c>1000092795.jpg#0</c>.</summary>
    [GeneratedRegex(@"\A(?<image>.+)#[0-9]\z")]
    private static partial Regex Numbered();
}
