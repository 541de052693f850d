using Flip.Config;
using Flip.Conversion.Names;
using Flip.Storage;
using Flip.Tokenizers;

namespace Flip.Conversion.Formats;

/// <summary>open_clip's folders: <c>open_clip_config.json</c> and weights.</summary>
internal static class OpenClipFormat
{
    /// <summary>Name of the configuration's file.</summary>
    public const string ConfigFile = "open_clip_config.json";

    /// <summary>Name of the weights' file.</summary>
    public const string WeightsFile = "open_clip_model.safetensors";

    private static readonly string[] TokenizerFiles = ["tokenizer.json", "vocab.txt", "merges.txt", .. SentencePieceFile.Names];

    private const string TrunkPositions = "visual.trunk.pos_embed";
    private const string OwnPositions = "visual.positional_embedding";

    /// <summary>The model of a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="weights">Its weights; owned by the result.</param>
    /// <param name="tokenizer">Reads its tokenizer.</param>
    /// <exception cref="CheckpointFormatException">The configuration is damaged, or of something that Flip's towers are not.</exception>
    public static StoredModel Open(string folder, ITensorSource weights, Func<ITokenizer> tokenizer)
    {
        var file = OpenClipDescription.Read(Path.Combine(folder, ConfigFile));
        var model = file.Model;
        if (FixedPositions.Match(weights, file.Trunk ? TrunkPositions : OwnPositions, model.Image))
        {
            model = model with { Image = model.Image with { Positions = ImagePositions.SinCos } };
        }

        var config = ClipDefaults.Config(model);
        config = config with
        {
            Data = OpenClipTokenizer.Settings(config.Data, folder, file.Text.Tokenizer, file.Text.Clean, file.Text.StripsSeparator),
            Eval = config.Eval with { Transform = file.Transform, Interpolation = file.Interpolation },
            Train = config.Train with { Loss = weights.Contains("logit_bias") ? LossKind.Sigmoid : LossKind.InfoNce },
        };
        var names = ClipNames.OpenClip(
            weights.Contains("text.token_embedding.weight"), file.Trunk, weights.Contains("visual.trunk.fc_norm.weight"), model.Text.ProjectionBias);
        return new StoredModel(
            "open_clip",
            config,
            weights,
            new NamesOf(names, model.Image.Positions == ImagePositions.SinCos),
            () => TokenizerFactory.With(config.Data, tokenizer()))
        {
            Assumptions = [.. Notes(folder, file)],
        };
    }

    private static IEnumerable<Assumption> Notes(string folder, OpenClipDescription file)
    {
        if (file.Unread.Count > 0)
        {
            yield return new($"{ConfigFile} has keys that open_clip passes over, and so does Flip: {string.Join(", ", file.Unread)}.");
        }

        if (file.Text.Tokenizer is { } name && !IsKnown(name) && !TokenizerFiles.Any(tokens => File.Exists(Path.Combine(folder, tokens))))
        {
            yield return new($"Texts are for the tokenizer {name}, whose files are not in the folder.", "data.vocabulary");
        }
    }

    /// <summary>The folder's own, BERT's and CLIP's.</summary>
    private static bool IsKnown(string tokenizer) =>
        tokenizer is "." or OpenClipTokenizer.NoRepository || tokenizer.StartsWith("bert-base-uncased", StringComparison.Ordinal) || tokenizer.Contains("clip", StringComparison.OrdinalIgnoreCase);

    /// <summary>A table of names whose positions may be left over, since they are the fixed ones.</summary>
    private sealed record NamesOf(IWeightNames Table, bool FixedPositions) : IWeightNames
    {
        public StoredParameter? Find(string parameter) => Table.Find(parameter);

        public bool Ignores(string name) => Table.Ignores(name) || (FixedPositions && name is TrunkPositions or OwnPositions);
    }
}
