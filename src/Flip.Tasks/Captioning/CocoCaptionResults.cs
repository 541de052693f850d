using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Flip.Tasks.Captioning;

/// <summary>Captions in the format of COCO's evaluation server: a list of <c>image_id</c> and <c>caption</c>.</summary>
public static class CocoCaptionResults
{
    /// <summary>The end of such a file's name.</summary>
    public const string Extension = ".captions.json";

    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The file's text, an image a line.</summary>
    /// <param name="captions">Keys of images, and their captions.</param>
    public static string Of(IEnumerable<(string Key, string Caption)> captions) =>
        "[\n" + string.Join(",\n", captions.Select(image => $$"""{"image_id": {{Id(image.Key)}}, "caption": {{JsonSerializer.Serialize(image.Caption, Json)}}}""")) + "\n]\n";

    /// <summary>
    /// The id of an image: the number of COCO's file names (<c>COCO_val2014_000000391895.jpg</c>, <c>000000391895.jpg</c>), as the server wants it; of
    /// any other image its key, as text.
    /// </summary>
    private static string Id(string key)
    {
        var name = Path.GetFileNameWithoutExtension(key);
        var digits = name[(name.LastIndexOf('_') + 1)..];
        return digits.Length == 12 && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? id.ToString(CultureInfo.InvariantCulture)
            : JsonSerializer.Serialize(key, Json);
    }
}
