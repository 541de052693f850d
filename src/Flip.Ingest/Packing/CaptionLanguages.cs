using Lingua;

namespace Flip.Ingest.Packing;

/// <summary>
/// Tells captions of wanted languages from others. Captions are short and full of names, and a wrong guess costs a pair: one is left out only where another of Lingua's 79 languages is five times as
/// likely as every wanted one. Of the first use on, the models of all languages are in memory, about 2 GB. Safe to call from several threads.
/// </summary>
public sealed class CaptionLanguages
{
    /// <summary>How many times as likely another language must be.</summary>
    private const double Surely = 5;

    private static readonly Dictionary<string, Language> ByCode = Enum.GetValues<Language>().Where(language => language != Language.Unknown)
        .ToDictionary(language => language.IsoCode6391().ToString().ToLowerInvariant(), StringComparer.Ordinal);

    private static readonly Lazy<LanguageDetector> Detector = new(() => LanguageDetectorBuilder.FromAllLanguages().Build());

    private readonly Language[] _wanted;

    /// <summary>Captions of languages.</summary>
    /// <param name="codes">Their codes of ISO 639-1.</param>
    /// <exception cref="ConfigException">A code is not known; the message lists those that are.</exception>
    public CaptionLanguages(IReadOnlyList<string> codes)
    {
        _wanted = [.. codes.Select(code => ByCode.TryGetValue(code, out var language) ? language : throw new ConfigException($"'{code}' is no language that is known. The codes are {string.Join(", ", Codes)}."))];
    }

    /// <summary>The codes of all languages that are known, in order.</summary>
    public static IEnumerable<string> Codes => ByCode.Keys.Order(StringComparer.Ordinal);

    /// <summary>Whether a caption is to be kept. One without letters, which has no language, is.</summary>
    public bool Has(string caption)
    {
        var likely = Detector.Value.ComputeLanguageConfidenceValues(caption);
        return likely.Count == 0 || _wanted.Max(language => likely.GetValueOrDefault(language)) * Surely >= likely.Values.Max();
    }
}
