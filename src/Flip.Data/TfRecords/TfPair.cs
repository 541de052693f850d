using System.Globalization;
using Flip.Io;

namespace Flip.Data.TfRecords;

/// <summary>
/// What a record has of an image-text pair, under the names that pipelines give it: official FLIP's and big_vision's <c>jpg</c> and <c>txt</c>, TensorFlow's <c>image/encoded</c> and
/// <c>image/caption</c>, and others. The image is a place in the record.
/// </summary>
internal sealed class TfPair
{
    private const int MostTextBytes = 1 << 20; // as of a shard's .txt
    private const int MostCaptions = 1000;
    private static readonly string[] Images = ["jpg", "jpeg", "png", "webp", "image", "image/encoded", "image_bytes", "image_raw", "img"];
    private static readonly string[] Texts = ["txt", "text", "caption", "captions", "texts", "image/caption", "image/captions", "title"];
    private static readonly string[] Keys = ["key", "__key__", "id", "image_id", "image/id", "image/filename", "filename"];
    private static readonly string[] Classes = ["cls", "label", "image/class/label", "class"];

    private TfPair(Dictionary<string, TfFeature> features, ByteRange image)
    {
        Features = features;
        Image = image;
    }

    /// <summary>All features by name.</summary>
    public IReadOnlyDictionary<string, TfFeature> Features { get; }

    /// <summary>Where the image file lies in the record.</summary>
    public ByteRange Image { get; }

    /// <summary>Finds the pair of a record.</summary>
    /// <exception cref="BadSampleException">The record is damaged, or has no image file.</exception>
    public static TfPair Of(ReadOnlySpan<byte> record)
    {
        try
        {
            var features = TfExample.Features(record);
            if (Find(features, Images, TfFeatureKind.Bytes) is not { } image || image.Bytes(record, most: 1) is not [var place])
            {
                throw new BadSampleException("no image", $"it has no image file: none of its features ({Shown(features.Keys)}) is called {string.Join(", ", Images)}");
            }

            ImageFileSize.Check(place.Length);
            return new TfPair(features, place);
        }
        catch (InvalidDataException e)
        {
            throw new BadSampleException("damaged record", $"it is no tf.train.Example: {e.Message}", e);
        }
    }

    /// <summary>Whether a feature has the image, a caption, the key or the class, and is no further field of the sample.</summary>
    public static bool IsPart(string name) =>
        Images.Contains(name) || Texts.Contains(name) || Keys.Contains(name) || Classes.Contains(name);

    /// <summary>Its captions without blanks around them; none where all are blank or there is no such feature.</summary>
    /// <exception cref="BadSampleException">A caption is in another encoding, or too long, or the list is damaged.</exception>
    public IReadOnlyList<string> Captions(ReadOnlySpan<byte> record)
    {
        var captions = new List<string>();
        foreach (var place in CaptionPlaces(record))
        {
            if (Text(record, place).Trim() is { Length: > 0 } caption)
            {
                captions.Add(caption);
            }
        }

        return captions.Count <= MostCaptions ? captions : throw new BadSampleException("too many captions", $"it has more than {MostCaptions} captions");
    }

    /// <summary>Where its captions lie in the record, blank ones too.</summary>
    /// <exception cref="BadSampleException">The list is damaged.</exception>
    public IReadOnlyList<ByteRange> CaptionPlaces(ReadOnlySpan<byte> record) =>
        Find(Features, Texts, TfFeatureKind.Bytes) is { } texts ? Values(record, texts, MostCaptions + 1) : [];

    /// <summary>What the record calls itself; null where it does not.</summary>
    /// <exception cref="BadSampleException">The text is in another encoding, or the list is damaged.</exception>
    public string? Key(ReadOnlySpan<byte> record) => First(record, Keys);

    /// <summary>Its class, a number or a name; null for none.</summary>
    /// <exception cref="BadSampleException">The text is in another encoding, or the list is damaged.</exception>
    public string? Class(ReadOnlySpan<byte> record) => First(record, Classes);

    /// <summary>A text of the record.</summary>
    /// <exception cref="BadSampleException">It is in another encoding, or too long.</exception>
    public static string Text(ReadOnlySpan<byte> record, ByteRange place)
    {
        if (place.Length > MostTextBytes)
        {
            throw new BadSampleException("text too large", $"a text of {place.Length} bytes (at most {MostTextBytes})");
        }

        var text = TextFile.Decode(place.Of(record));
        return TextFile.IsBroken(text) ? throw new BadSampleException("caption encoding", $"its text {TextFile.Problem}") : text;
    }

    private string? First(ReadOnlySpan<byte> record, string[] names)
    {
        foreach (var name in names)
        {
            var feature = Features.GetValueOrDefault(name);
            if (Values(record, feature, most: 1) is [var place])
            {
                return Text(record, place).Trim();
            }

            if (Numbers(record, feature) is [var number])
            {
                return number.ToString(CultureInfo.InvariantCulture);
            }
        }

        return null;
    }

    private static TfFeature? Find(IReadOnlyDictionary<string, TfFeature> features, string[] names, TfFeatureKind kind)
    {
        foreach (var name in names)
        {
            if (features.TryGetValue(name, out var feature) && feature.Kind == kind)
            {
                return feature;
            }
        }

        return null;
    }

    private static List<ByteRange> Values(ReadOnlySpan<byte> record, TfFeature feature, int most)
    {
        try
        {
            return feature.Bytes(record, most);
        }
        catch (InvalidDataException e)
        {
            throw Damaged(e);
        }
    }

    private static List<long> Numbers(ReadOnlySpan<byte> record, TfFeature feature)
    {
        try
        {
            return feature.Integers(record, most: 1);
        }
        catch (InvalidDataException e)
        {
            throw Damaged(e);
        }
    }

    private static BadSampleException Damaged(InvalidDataException e) => new("damaged record", $"a feature of it is damaged: {e.Message}", e);

    private static string Shown(IEnumerable<string> names) =>
        string.Join(", ", names.Order(StringComparer.Ordinal).Take(10).Select(UnicodeName.Printable)) is { Length: > 0 } shown ? shown : "none";
}
