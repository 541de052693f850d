using System.Buffers;
using System.Text;
using System.Text.Json;
using MetadataExtractor;
using MetadataExtractor.Formats.Exif;
using MetadataExtractor.Formats.Jpeg;

namespace Flip.Ingest.Images;

/// <summary>What a camera wrote into a JPEG, as one JSON object of texts, named like exifread's (<c>"Image Orientation"</c>, <c>"EXIF ExposureTime"</c>, <c>"GPS GPSLatitude"</c>).</summary>
public static class ExifFields
{
    private const int MostFields = 256;
    private const int LongestText = 256; // characters; makers' notes have thousands

    /// <summary>The fields; <c>{}</c> where there are none, where they are broken, and for other formats.</summary>
    /// <param name="image">The image file's bytes.</param>
    public static string ToJson(ReadOnlyMemory<byte> image)
    {
        if (!image.Span.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8]) || image.Span.IndexOf("Exif\0\0"u8) < 0)
        {
            return "{}";
        }

        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            foreach (var (name, text) in Fields(image).DistinctBy(field => field.Name).Take(MostFields))
            {
                writer.WriteString(name, text);
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(json.WrittenSpan);
    }

    private static List<(string Name, string Text)> Fields(ReadOnlyMemory<byte> image)
    {
        try
        {
            using var stream = new MemoryStream(image.ToArray(), writable: false);
            return
            [
                .. from directory in JpegMetadataReader.ReadMetadata(stream, [new ExifReader()])
                   let prefix = Prefix(directory)
                   where prefix is not null
                   from tag in directory.Tags
                   let text = Clean(tag.Description ?? string.Empty)
                   where text.Length > 0
                   select ($"{prefix} {Clean(tag.Name).Replace(" ", string.Empty, StringComparison.Ordinal)}", text),
            ];
        }
        catch (Exception e) when (e is ImageProcessingException or IOException or ArgumentException or OverflowException or FormatException or IndexOutOfRangeException)
        {
            return []; // a column of lesser use does not cost a sample
        }
    }

    private static string? Prefix(MetadataExtractor.Directory directory) => directory switch
    {
        ExifIfd0Directory => "Image",
        ExifSubIfdDirectory => "EXIF",
        GpsDirectory => "GPS",
        _ => null,
    };

    private static string Clean(string text)
    {
        var kept = text.Where(c => !char.IsControl(c) && !char.IsSurrogate(c)).Take(LongestText);
        return string.Concat(kept).Trim();
    }
}
