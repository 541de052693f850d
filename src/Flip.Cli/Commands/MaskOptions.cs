using System.CommandLine;
using System.Globalization;
using Flip.Evaluation.Embedding;
using Flip.Models;

namespace Flip.Cli.Commands;

/// <summary>The options by which a command sees images masked.</summary>
internal sealed class MaskOptions
{
    private readonly Option<InferenceMask> _mask = new("--mask")
    {
        Description = "How images are seen: None whole, Masked with one mask of the training's kind, Ensemble of complementary random masks.",
        DefaultValueFactory = _ => InferenceMask.None,
    };

    private readonly Option<double?> _ratio = new("--mask-ratio") { Description = "Mask ratio of --mask (default: the training's)." };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Add(_mask);
        command.Add(_ratio);
    }

    /// <summary>What was asked for.</summary>
    /// <exception cref="ConfigException">A ratio without a mask, or one that is no share.</exception>
    public MaskChoice Choice(ParseResult result)
    {
        var (mask, ratio) = (result.GetValue(_mask), result.GetValue(_ratio));
        if (ratio is not null && mask == InferenceMask.None)
        {
            throw new ConfigException("--mask-ratio: images are seen whole; name --mask Masked or Ensemble with it.");
        }

        return ratio is null or (>= 0 and < 1)
            ? new MaskChoice(mask, ratio)
            : throw new ConfigException(string.Create(CultureInfo.InvariantCulture, $"--mask-ratio {ratio}: expected a share in [0, 1)."));
    }
}
