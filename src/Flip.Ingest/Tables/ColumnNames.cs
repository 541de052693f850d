namespace Flip.Ingest.Tables;

/// <summary>What published lists call their columns; the better names first. Compared without case.</summary>
public static class ColumnNames
{
    /// <summary>The address of an image.</summary>
    public static IReadOnlyList<string> Urls { get; } = ["url", "image_url", "img_url", "imageurl", "link", "image_link", "coco_url", "flickr_url", "contenturl", "content_url"];

    /// <summary>The path of an image.</summary>
    public static IReadOnlyList<string> Paths { get; } =
    [
        "filepath", "file_path", "image_path", "img_path", "path", "file_name", "filename", "image_file", "image_name", "file", "image", "img",
    ];

    /// <summary>An image file in the table itself: bytes, or a structure with them.</summary>
    public static IReadOnlyList<string> Images { get; } = ["image.bytes", "img.bytes", "jpg.bytes", "image", "jpg", "img", "image_bytes", "png", "webp", "bytes"];

    /// <summary>A caption, or a list of them.</summary>
    public static IReadOnlyList<string> Captions { get; } =
    [
        "caption", "captions", "text", "texts", "title", "txt", "alt", "alt_text", "alttext", "description", "sentence", "sentences", "comment", "raw_caption", "prompt",
    ];

    /// <summary>What a row calls itself.</summary>
    public static IReadOnlyList<string> Keys { get; } = ["key", "uid", "id", "image_id", "sample_id"];

    /// <summary>The class of an image.</summary>
    public static IReadOnlyList<string> Classes { get; } = ["label", "class", "cls", "class_id", "category"];

    /// <summary>The column with the best of some names; below zero where there is none. A name counts without case and blanks.</summary>
    public static int Find(IReadOnlyList<string> columns, IEnumerable<string> names)
    {
        ArgumentNullException.ThrowIfNull(columns);
        ArgumentNullException.ThrowIfNull(names);
        foreach (var name in names)
        {
            for (var column = 0; column < columns.Count; column++)
            {
                if (string.Equals(columns[column].Trim(), name, StringComparison.OrdinalIgnoreCase))
                {
                    return column;
                }
            }
        }

        return -1;
    }

    /// <summary>Whether a name is one of these.</summary>
    internal static bool IsKnown(string name) => Find([name], [.. Urls, .. Paths, .. Images, .. Captions, .. Keys, .. Classes]) >= 0;
}
