using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using Flip.Data;
using Flip.Ingest.Formats;
using Flip.Ingest.Images;

namespace Flip.Ingest.Packing;

/// <summary>Makes an entry of a source ready for a shard: what of it does not depend on others. Safe to call from several threads.</summary>
/// <param name="options">What is wanted.</param>
internal sealed class SamplePreparation(PackOptions options)
{
    /// <summary>Cause of an entry that has an address in place of an image.</summary>
    public const string NotDownloaded = "not downloaded";

    private const string CaptionLength = "caption length";
    private const string CaptionLanguage = "caption language";

    /// <summary>Fields that a sample's <c>.json</c> has from here; the source's of these names get <c>source_</c> before them.</summary>
    private static readonly string[] Own = ["key", "source_key", "width", "height", "original_width", "original_height", "sha256", "captions", "caption", "class"];

    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ImagePreparation _images = new(options.Images);
    private readonly CaptionLanguages? _languages = options.Languages.Count > 0 ? new CaptionLanguages(options.Languages) : null;

    /// <summary>Prepares an entry.</summary>
    public PackedSample Prepare(SourcePair pair)
    {
        var sample = new PackedSample { SourceKey = pair.Key };
        if (options.Select is { } selection && SelectedSamples.Drop(selection, pair) is { } notSelected)
        {
            return sample with { Drop = notSelected };
        }

        if (pair.Problem is not null)
        {
            return sample with { Drop = pair.Problem };
        }

        if (pair.Image.IsEmpty)
        {
            return sample with { Drop = new BadSource(NotDownloaded, $"it has the address of an image alone, '{UnicodeName.Printable(pair.Url ?? "")}'") };
        }

        // Captions first: they cost less than an image.
        var captions = Kept(pair.Captions, out var dropped);
        if (captions.Count == 0 && pair.Class is null)
        {
            return sample with { Drop = NoCaption(pair, dropped) };
        }

        sample = sample with { DroppedCaptions = dropped };
        try
        {
            return Ready(sample, pair, captions, _images.Prepare(pair.Image));
        }
        catch (BadSampleException e)
        {
            return sample with { Drop = new BadSource(e.Cause, e.Message), DroppedCaptions = new Dictionary<string, int>() };
        }
    }

    /// <summary>The captions that are kept.</summary>
    /// <param name="captions">All captions.</param>
    /// <param name="dropped">How many are not, by cause.</param>
    private List<string> Kept(IReadOnlyList<string> captions, out IReadOnlyDictionary<string, int> dropped)
    {
        var ofLength = captions.Where(caption => caption.Length >= options.MinCaption && caption.Length <= options.MaxCaption).ToList();
        var kept = _languages is null ? ofLength : ofLength.FindAll(_languages.Has);
        dropped = new Dictionary<string, int> { [CaptionLength] = captions.Count - ofLength.Count, [CaptionLanguage] = ofLength.Count - kept.Count }
            .Where(cause => cause.Value > 0).ToDictionary();
        return kept;
    }

    private BadSource NoCaption(SourcePair pair, IReadOnlyDictionary<string, int> dropped) =>
        pair.Captions.Count == 0 ? new BadSource("no caption", "it has neither a caption nor a class")
        : dropped.ContainsKey(CaptionLanguage) ? new BadSource(CaptionLanguage, $"no caption of it is in {string.Join(" or ", options.Languages)}, such as '{UnicodeName.Printable(pair.Captions[0])}'")
        : new BadSource(CaptionLength, FormattableString.Invariant($"no caption of it has {options.MinCaption} to {options.MaxCaption} characters"));

    private PackedSample Ready(PackedSample sample, SourcePair pair, List<string> captions, PreparedImage image)
    {
        var sha256 = SHA256.HashData(pair.Image.Span);
        var isNumber = int.TryParse(pair.Class, NumberStyles.None, CultureInfo.InvariantCulture, out _);
        var json = new List<(string, ReadOnlyMemory<byte>)>
        {
            ("source_key", Json(writer => writer.WriteStringValue(pair.Key))),
            ("width", Json(writer => writer.WriteNumberValue(image.Width))),
            ("height", Json(writer => writer.WriteNumberValue(image.Height))),
            ("original_width", Json(writer => writer.WriteNumberValue(image.OriginalWidth))),
            ("original_height", Json(writer => writer.WriteNumberValue(image.OriginalHeight))),
            ("sha256", Json(writer => writer.WriteStringValue(Convert.ToHexStringLower(sha256)))),
        };
        if (captions.Count > 1)
        {
            json.Add(("captions", Json(writer => JsonSerializer.Serialize(writer, captions))));
        }

        if (pair.Class is { } name && !isNumber)
        {
            json.Add(("class", Json(writer => writer.WriteStringValue(name))));
        }

        AddFields(json, pair.Fields);
        return sample with
        {
            Image = image,
            Caption = captions is [var one] ? one : null,
            Class = isNumber ? pair.Class : null,
            Json = json,
            Sha256 = sha256,
            Look = options.Duplicates == DuplicateKind.Perceptual ? PerceptualHash.Of(image.Content.Span, options.Images.PixelLimit) : null,
        };
    }

    /// <summary>The source's fields, in their names' order; one that says what a field from here says is left out.</summary>
    private static void AddFields(List<(string Name, ReadOnlyMemory<byte> Value)> json, IReadOnlyDictionary<string, JsonElement> fields)
    {
        var own = json.ToDictionary(field => field.Name, field => field.Value, StringComparer.Ordinal);
        foreach (var (name, value) in fields.OrderBy(field => field.Key, StringComparer.Ordinal))
        {
            if (Value(value) is { } bytes && !(own.TryGetValue(name, out var same) && same.Span.SequenceEqual(bytes)))
            {
                var free = Own.Contains(name) || own.ContainsKey(name) ? $"source_{name}" : name;
                if (own.TryAdd(free, bytes))
                {
                    json.Add((free, bytes));
                }
            }
        }
    }

    /// <summary>A value as it is written; null of one with half of a surrogate pair, which no file can have.</summary>
    private static byte[]? Value(JsonElement value)
    {
        try
        {
            return Json(value.WriteTo);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }

    private static byte[] Json(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Writing))
        {
            write(writer);
        }

        return buffer.WrittenSpan.ToArray();
    }
}
