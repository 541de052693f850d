using System.Text.Json;
using Flip.Data.Files;

namespace Flip.Data.Layouts;

/// <summary>Images that a file of captions names, in one of several folders.</summary>
internal static class CaptionFiles
{
    /// <summary>The images and their captions.</summary>
    /// <param name="file">The file of captions, for messages.</param>
    /// <param name="folder">Where the data set begins.</param>
    /// <param name="places">Folders below it in which the images may lie; the one that has the first image is taken.</param>
    /// <param name="captions">Captions by image, in order.</param>
    /// <param name="options">What is allowed.</param>
    /// <exception cref="ConfigException">There is no image, one is not there, or one has no caption.</exception>
    public static CaptionedImages Open(
        string file, string folder, IReadOnlyList<string> places, IReadOnlyList<(string Image, IReadOnlyList<string> Captions)> captions, LayoutOptions options)
    {
        if (captions.Count == 0)
        {
            throw new ConfigException($"'{file}' has no image of the split '{options.Split}'.");
        }

        if (!options.AllowNoCaption && captions.FirstOrDefault(image => image.Captions.Count == 0) is { Image: { } mute })
        {
            throw new ConfigException($"'{file}': the image '{UnicodeName.Printable(mute)}' has no caption.");
        }

        if (captions.GroupBy(image => image.Image).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new ConfigException($"'{file}': the image '{UnicodeName.Printable(twice.Key)}' is there twice.");
        }

        var paths = new WrittenPaths();
        var root = places.Select(place => Path.GetFullPath(Path.Combine(folder, place)))
            .FirstOrDefault(place => File.Exists(paths.Resolve(captions[0].Image, place)))
            ?? throw new ConfigException($"'{file}': the image '{UnicodeName.Printable(captions[0].Image)}' is in none of the folders "
                + string.Join(", ", places.Select(place => $"'{Path.Combine(folder, place)}'")) + ".");
        var images = captions.Select(image => new ImageFile(UnicodeName.Printable(image.Image), Path.Combine(root, image.Image), $" ({file})"));
        return new CaptionedImages(FileImages.OfFiles([.. images], options.Source), [.. captions.Select(image => image.Captions)]);
    }

    /// <summary>Reads JSON of a known form.</summary>
    /// <exception cref="ConfigException">It has another.</exception>
    public static T ReadJson<T>(string path, JsonSerializerOptions options)
    {
        try
        {
            return UserJson.Read<T>(path, options);
        }
        catch (Exception e) when (e is JsonException or UnauthorizedAccessException or InvalidOperationException)
        {
            // InvalidOperationException: a string with half a surrogate pair.
            throw new ConfigException($"'{path}' cannot be read: {e.Message.ReplaceLineEndings(" ")}");
        }
    }

    /// <summary>A list of JSON without a <c>null</c> in it, which the types do not tell.</summary>
    /// <param name="list">The list.</param>
    /// <param name="path">The file.</param>
    /// <param name="name">What the list is called in it.</param>
    /// <exception cref="ConfigException">It has one.</exception>
    public static IReadOnlyList<T> Whole<T>(IReadOnlyList<T?> list, string path, string name)
        where T : class
    {
        List<T> whole = [.. list.OfType<T>()];
        return whole.Count == list.Count ? whole : throw new ConfigException($"'{path}' cannot be read: a null is among its '{name}'.");
    }

    /// <summary>Captions that are not blank, without blanks around them.</summary>
    public static IReadOnlyList<string> Kept(IEnumerable<string> captions) =>
        [.. captions.Select(caption => caption.Trim()).Where(caption => caption.Length > 0)];
}
