using System.CommandLine;
using Flip.Config;

namespace Flip.Cli.Commands.Caption;

/// <summary>How a finished captioner is used: how captions are chosen, and where it computes.</summary>
internal static class DecodingOptions
{
    private const int MostBeams = 256;

    public static UseOptions<CaptionConfig> Create() => new(
        RecipeFiles.Captioning,
        "Images at a time.",
        ["decoding."],
        ("decoding.beams", new("--beams") { Description = "Captions followed at a time (default: 3); 1 is greedy." }),
        ("decoding.minLength", new("--min-length") { Description = "Fewest tokens of a caption (default: 5)." }),
        ("decoding.maxLength", new("--max-length") { Description = "Most tokens of a caption (default: 40)." }),
        ("decoding.lengthPenalty", new("--length-penalty") { Description = "Captions are ranked by log-probability / tokens^p (default: 1)." }),
        ("decoding.noRepeatNgram", new("--no-repeat") { Description = "No run of so many tokens comes twice; 0 allows it (default)." }));

    /// <summary>Settings by which as many captions are followed as are wanted of an image.</summary>
    public static CaptionConfig Following(int captions) =>
        new() { Decoding = new DecodingConfig { Beams = Math.Clamp(captions, new DecodingConfig().Beams, MostBeams) } };
}
