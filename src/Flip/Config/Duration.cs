using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Flip.Config;

/// <summary>Unit of a <see cref="Duration"/>.</summary>
public enum DurationUnit
{
    Samples,
    Steps,
    Epochs,
    Percent,
}

/// <summary>
/// A length of training in the unit its author thought in. It becomes a count of samples once, when batch size, epoch size
/// and (for a percentage) the whole length are known. Written as <c>1000000</c>, <c>"12.8B samples"</c>, <c>"1000 steps"</c>,
/// <c>"32 epochs"</c> or <c>"5%"</c>.
/// </summary>
[JsonConverter(typeof(DurationJsonConverter))]
public readonly record struct Duration(double Value, DurationUnit Unit)
{
    public static Duration OfSamples(double value) => new(value, DurationUnit.Samples);

    public static Duration OfSteps(double value) => new(value, DurationUnit.Steps);

    public static Duration OfEpochs(double value) => new(value, DurationUnit.Epochs);

    public static Duration OfPercent(double value) => new(value, DurationUnit.Percent);

    /// <summary>The duration in samples, rounded to the nearest.</summary>
    /// <param name="batchSize">Samples of a step.</param>
    /// <param name="samplesPerEpoch">Samples of an epoch.</param>
    /// <param name="total">Samples of the whole training; null where a percentage has no meaning.</param>
    /// <exception cref="ConfigException">A percentage without a whole.</exception>
    public long ToSamples(int batchSize, long samplesPerEpoch, long? total = null) => Unit switch
    {
        DurationUnit.Samples => (long)Math.Round(Value),
        DurationUnit.Steps => (long)Math.Round(Value * batchSize),
        DurationUnit.Epochs => (long)Math.Round(Value * samplesPerEpoch),
        _ => total is { } whole
            ? (long)Math.Round(Value / 100 * whole)
            : throw new ConfigException("A length of training in percent has no whole to be a part of."),
    };

    /// <summary>Parses the written form.</summary>
    /// <exception cref="FormatException">The text is no duration; the message shows the accepted forms.</exception>
    public static Duration Parse(string text)
    {
        var trimmed = text.Trim();
        var split = trimmed.Length;
        while (split > 0 && !char.IsAsciiDigit(trimmed[split - 1]))
        {
            split--;
        }

        var suffix = trimmed[split..].Trim();
        var scale = 1.0;
        if (suffix.Length > 0 && "kMBT".Contains(suffix[0], StringComparison.Ordinal) && (suffix.Length == 1 || suffix[1] == ' '))
        {
            scale = suffix[0] switch { 'k' => 1e3, 'M' => 1e6, 'B' => 1e9, _ => 1e12 };
            suffix = suffix[1..].Trim();
        }

        DurationUnit? unit = suffix switch
        {
            "" or "sample" or "samples" => DurationUnit.Samples,
            "step" or "steps" => DurationUnit.Steps,
            "epoch" or "epochs" => DurationUnit.Epochs,
            "%" => DurationUnit.Percent,
            _ => null,
        };
        return unit is { } known
            && double.TryParse(trimmed[..split], NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            && double.IsFinite(value) && value >= 0
            ? new Duration(value * scale, known)
            : throw new FormatException(
                $"'{text}' is no duration: write 1000000, \"12.8B samples\", \"1000 steps\", \"32 epochs\" or \"5%\".");
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        var number = Value.ToString("R", CultureInfo.InvariantCulture);
        return Unit switch
        {
            DurationUnit.Samples => number + " samples",
            DurationUnit.Steps => number + " steps",
            DurationUnit.Epochs => number + " epochs",
            _ => number + "%",
        };
    }

    private sealed class DurationJsonConverter : JsonConverter<Duration>
    {
        public override Duration Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            try
            {
                return reader.TokenType switch
                {
                    JsonTokenType.Number => Parse(reader.GetDouble().ToString("R", CultureInfo.InvariantCulture)),
                    JsonTokenType.String => Parse(reader.GetString()!),
                    _ => throw new FormatException("A duration is a number of samples or a text such as \"32 epochs\"."),
                };
            }
            catch (FormatException e)
            {
                throw new JsonException(e.Message, e);
            }
        }

        public override void Write(Utf8JsonWriter writer, Duration value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString());
    }
}
