using Flip.Io;

namespace Flip.Data.Classes;

/// <summary>Sentences that turn a class name into captions; <c>{c}</c> stands for the name.</summary>
public static class ClassTemplates
{
    /// <summary>What stands for the name.</summary>
    public const string Placeholder = "{c}";

    /// <summary>FLIP's 7 templates, a selection from CLIP's 80.</summary>
    public static IReadOnlyList<string> Flip7 { get; } =
    [
        "itap of a {c}.", "a bad photo of the {c}.", "a origami {c}.", "a photo of the large {c}.",
        "a {c} in a video game.", "art of the {c}.", "a photo of the small {c}.",
    ];

    /// <summary>CLIP's 80 templates for ImageNet, in CLIP's order.</summary>
    public static IReadOnlyList<string> Clip80 { get; } =
    [
        "a bad photo of a {c}.", "a photo of many {c}.", "a sculpture of a {c}.", "a photo of the hard to see {c}.",
        "a low resolution photo of the {c}.", "a rendering of a {c}.", "graffiti of a {c}.", "a bad photo of the {c}.",
        "a cropped photo of the {c}.", "a tattoo of a {c}.", "the embroidered {c}.", "a photo of a hard to see {c}.",
        "a bright photo of a {c}.", "a photo of a clean {c}.", "a photo of a dirty {c}.", "a dark photo of the {c}.",
        "a drawing of a {c}.", "a photo of my {c}.", "the plastic {c}.", "a photo of the cool {c}.",
        "a close-up photo of a {c}.", "a black and white photo of the {c}.", "a painting of the {c}.", "a painting of a {c}.",
        "a pixelated photo of the {c}.", "a sculpture of the {c}.", "a bright photo of the {c}.", "a cropped photo of a {c}.",
        "a plastic {c}.", "a photo of the dirty {c}.", "a jpeg corrupted photo of a {c}.", "a blurry photo of the {c}.",
        "a photo of the {c}.", "a good photo of the {c}.", "a rendering of the {c}.", "a {c} in a video game.",
        "a photo of one {c}.", "a doodle of a {c}.", "a close-up photo of the {c}.", "a photo of a {c}.",
        "the origami {c}.", "the {c} in a video game.", "a sketch of a {c}.", "a doodle of the {c}.",
        "a origami {c}.", "a low resolution photo of a {c}.", "the toy {c}.", "a rendition of the {c}.",
        "a photo of the clean {c}.", "a photo of a large {c}.", "a rendition of a {c}.", "a photo of a nice {c}.",
        "a photo of a weird {c}.", "a blurry photo of a {c}.", "a cartoon {c}.", "art of a {c}.",
        "a sketch of the {c}.", "a embroidered {c}.", "a pixelated photo of a {c}.", "itap of the {c}.",
        "a jpeg corrupted photo of the {c}.", "a good photo of a {c}.", "a plushie {c}.", "a photo of the nice {c}.",
        "a photo of the small {c}.", "a photo of the weird {c}.", "the cartoon {c}.", "art of the {c}.",
        "a drawing of the {c}.", "a photo of the large {c}.", "a black and white photo of a {c}.", "the plushie {c}.",
        "a dark photo of a {c}.", "itap of a {c}.", "graffiti of the {c}.", "a toy {c}.",
        "itap of my {c}.", "a photo of a cool {c}.", "a photo of a small {c}.", "a tattoo of the {c}.",
    ];

    /// <summary>The templates of a name (<c>flip7</c>, <c>clip80</c>) or of a text file with one template a line.</summary>
    /// <exception cref="ConfigException">Neither a known name nor a readable file, or a line without <c>{c}</c>.</exception>
    public static IReadOnlyList<string> Load(string nameOrPath)
    {
        ArgumentNullException.ThrowIfNull(nameOrPath);
        return nameOrPath switch
        {
            "flip7" => Flip7,
            "clip80" => Clip80,
            _ => LoadFile(nameOrPath),
        };
    }

    /// <summary>The caption of one name.</summary>
    public static string Render(string template, string name) => template.Replace(Placeholder, name, StringComparison.Ordinal);

    private static List<string> LoadFile(string path)
    {
        if (!File.Exists(path))
        {
            throw new ConfigException($"Class templates '{path}': neither flip7, nor clip80, nor a file.");
        }

        string[] lines;
        try
        {
            lines = TextFile.Read(path).ReplaceLineEndings("\n").Split('\n');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new ConfigException($"Class templates '{path}' cannot be read: {e.Message}");
        }

        var problems = lines.Index()
            .Where(line => line.Item.Trim().Length > 0 && !line.Item.Contains(Placeholder, StringComparison.Ordinal))
            .Select(line => $"Class templates '{path}', line {line.Index + 1}: '{line.Item}' has no {Placeholder} for the name.")
            .ToList();
        var templates = lines.Select(line => line.Trim()).Where(line => line.Length > 0).ToList();
        return problems.Count > 0 ? throw new ConfigException(problems)
            : templates.Count > 0 ? templates
            : throw new ConfigException($"Class templates '{path}': the file has none.");
    }
}
