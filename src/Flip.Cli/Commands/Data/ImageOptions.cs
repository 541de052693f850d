using System.CommandLine;
using Flip.Ingest.Images;

namespace Flip.Cli.Commands.Data;

/// <summary>What commands that make shards are told about images.</summary>
/// <param name="resize">How images are resized where nobody says.</param>
internal sealed class ImageOptions(string resize)
{
    private static readonly ImagePreparationOptions Defaults = new();

    private static readonly (string Name, ImageResize Value)[] Ways =
    [
        ("no", ImageResize.No), ("keep_ratio", ImageResize.KeepRatio), ("keep_ratio_largest", ImageResize.KeepRatioLargest), ("center_crop", ImageResize.CenterCrop), ("border", ImageResize.Border),
    ];

    private readonly Option<string> _resize = new("--resize")
    {
        Description = "no, keep_ratio (the short side gets the size), keep_ratio_largest (the long side), center_crop (a square of the middle), border (a square with white beside the image).",
        DefaultValueFactory = _ => resize,
    };

    private readonly Option<int> _size = new("--size") { Description = "Pixels of the side.", DefaultValueFactory = _ => Defaults.Size };
    private readonly Option<bool> _enlarge = new("--enlarge") { Description = "Make smaller images larger too; by default they keep their size." };
    private readonly Option<int> _quality = new("--quality") { Description = "Quality of JPEGs that are encoded; images that need no change pass through untouched.", DefaultValueFactory = _ => Defaults.Quality };
    private readonly Option<int> _minSide = new("--min-side") { Description = "Leave out images whose short side has fewer pixels.", DefaultValueFactory = _ => Defaults.MinSide };

    private readonly Option<double> _maxAspect = new("--max-aspect-ratio")
    {
        Description = "Leave out images whose long side is more times the short one; 0 for none.",
    };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_resize, _size, _enlarge, _quality, _minSide, _maxAspect])
        {
            command.Add(option);
        }
    }

    /// <summary>What was asked for.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="problems">Takes what is wrong with it.</param>
    public ImagePreparationOptions Read(ParseResult result, List<string> problems)
    {
        var wanted = result.GetValue(_resize)!;
        var name = wanted.Replace('-', '_'); // keep-ratio is how people write it elsewhere
        if (!Ways.Any(way => way.Name == name))
        {
            problems.Add($"--resize {wanted}: expected {string.Join(", ", Ways.Select(way => way.Name))}.");
        }

        var ratio = result.GetValue(_maxAspect);
        if (ratio is not (0 or (>= 1 and <= ImagePreparationOptions.MostSide)))
        {
            problems.Add(FormattableString.Invariant($"--max-aspect-ratio {ratio}: must be 0, or at least 1 and at most {ImagePreparationOptions.MostSide}."));
        }

        return new ImagePreparationOptions
        {
            Resize = Ways.FirstOrDefault(way => way.Name == name).Value,
            Size = Number(result, _size, 1, 16_384, problems),
            Enlarge = result.GetValue(_enlarge),
            Quality = Number(result, _quality, 1, 100, problems),
            MinSide = Number(result, _minSide, 1, ImagePreparationOptions.MostSide, problems),
            MaxAspectRatio = ratio == 0 ? double.PositiveInfinity : ratio,
        };
    }

    /// <summary>A whole number within its bounds.</summary>
    public static int Number(ParseResult result, Option<int> option, int least, int most, List<string> problems)
    {
        var value = result.GetValue(option);
        if (value < least || value > most)
        {
            problems.Add($"{option.Name} {value}: must be at least {least} and at most {most}.");
        }

        return value;
    }
}
