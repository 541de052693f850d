using Flip.Data;
using Flip.Data.Images;

namespace Flip.Evaluation.Reports;

/// <summary>Small pictures of some images of a source.</summary>
internal static class Thumbnails
{
    /// <summary>Longer side, pixels: what a page's grid shows.</summary>
    private const int Side = 160;

    /// <summary>The pictures by key. Those that can no longer be read are left out: a table that is computed is not lost for a picture.</summary>
    public static IReadOnlyDictionary<string, byte[]> Of(IImageSource source, IEnumerable<string> keys)
    {
        var wanted = keys.ToHashSet(StringComparer.Ordinal);
        var pictures = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        using var reader = source.Open();
        foreach (var (image, key) in source.Keys().Index())
        {
            if (wanted.Remove(key))
            {
                try
                {
                    using var encoded = reader.Read(image);
                    pictures[key] = Thumbnail.Of(encoded.Span, Side);
                }
                catch (Exception e) when (e is BadSampleException or IOException or UnauthorizedAccessException)
                {
                    continue;
                }
            }

            if (wanted.Count == 0)
            {
                break;
            }
        }

        return pictures;
    }
}
