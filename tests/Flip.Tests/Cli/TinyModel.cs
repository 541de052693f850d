using Flip.Config;
using Flip.Storage;
using Flip.Tests.Training;
using Flip.Tokenizers;

namespace Flip.Tests.Cli;

/// <summary>A model with first weights on disk, as small as one can be.</summary>
internal static class TinyModel
{
    private static readonly string[] Captions = ["a red dog runs", "a blue cat sits", "two birds on a tree", "the green car"];

    /// <summary>Writes a model's folder.</summary>
    public static FlipConfig Save(string folder, long seed = 3, WordPieceVariant variant = WordPieceVariant.Bert)
    {
        var tokenizer = new WordPieceTokenizer(VocabularyLearner.Learn(Captions, 300, variant), variant);
        var tiny = TinyRun.Config;
        var config = ModelFolder.WithVocabulary(
            tiny with
            {
                Model = tiny.Model with { Text = tiny.Model.Text with { VocabularySize = 0 } },
                Train = tiny.Train with { Seed = seed },
                Eval = tiny.Eval with { BatchSize = 4 },
            },
            tokenizer);
        using var model = TinyRun.Model(config);
        ModelFolder.Save(folder, config, model, tokenizer);
        return config;
    }
}
