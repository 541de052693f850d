using Flip.Config;

namespace Flip.Tokenizers;

/// <summary>Finds, learns and reads tokenizers.</summary>
public static class TokenizerFactory
{
    /// <summary>The tokenizer that the settings ask for.</summary>
    /// <param name="data">Kind, variant, and the vocabulary's file or folder; without one a WordPiece vocabulary is learnt.</param>
    /// <param name="captions">The training captions, asked for only when a vocabulary is learnt.</param>
    /// <param name="cancellation">Stops the learning.</param>
    /// <exception cref="VocabularyException">The vocabulary is missing or damaged.</exception>
    /// <exception cref="ConfigException">Byte-pair encoding without a vocabulary.</exception>
    public static ITokenizer Create(DataConfig data, Func<IEnumerable<string>> captions, CancellationToken cancellation = default)
    {
        var path = data.Vocabulary;
        if (path is not null && !Path.Exists(path))
        {
            throw new VocabularyException(path, "no such file or folder; give another, or none to learn one from the training captions");
        }

        return (data.Tokenizer, path) switch
        {
            (TokenizerKind.WordPiece, null) => new WordPieceTokenizer(
                VocabularyLearner.Learn(captions(), data.LearnedVocabularySize, data.WordPieceVariant, cancellation), data.WordPieceVariant),
            (TokenizerKind.WordPiece, _) => WordPieceTokenizer.Load(
                Directory.Exists(path) ? Path.Combine(path, WordPieceTokenizer.VocabularyFile) : path, data.WordPieceVariant),
            (_, null) => throw new ConfigException(
                "data.vocabulary: CLIP's byte-pair encoding is not learnt here; give its vocabulary (bpe_simple_vocab_16e6.txt.gz, or a "
                + "folder with vocab.json and merges.txt)."),
            _ => ClipBpeTokenizer.Load(path),
        };
    }

    /// <summary>Reads what <see cref="ITokenizer.Save"/> wrote, or the tokenizer files of a Hugging Face model.</summary>
    /// <exception cref="VocabularyException">The folder has no tokenizer, or one of another kind.</exception>
    public static ITokenizer Load(string folder)
    {
        var description = TokenizerDescription.Load(folder);
        var vocabulary = Path.Combine(folder, WordPieceTokenizer.VocabularyFile);
        var kind = description?.TokenizerClass
            ?? (File.Exists(vocabulary) ? TokenizerDescription.Bert
                : File.Exists(Path.Combine(folder, BpeVocabulary.MergesFile)) ? TokenizerDescription.Clip
                : throw new VocabularyException(
                    folder, $"no tokenizer: {WordPieceTokenizer.VocabularyFile} or {BpeVocabulary.MergesFile} is expected in this folder"));

        // Hugging Face's fast variants have the same rules and files.
        return kind switch
        {
            TokenizerDescription.Bert or TokenizerDescription.Bert + "Fast" when description?.DoLowerCase == false =>
                throw new VocabularyException(folder, "a cased WordPiece tokenizer, and only uncased ones are supported"),
            TokenizerDescription.Bert or TokenizerDescription.Bert + "Fast" =>
                WordPieceTokenizer.Load(vocabulary, description?.WordPieceVariant ?? WordPieceVariant.Bert),
            TokenizerDescription.Clip or TokenizerDescription.Clip + "Fast" => ClipBpeTokenizer.Load(folder),
            _ => throw new VocabularyException(
                folder, $"the tokenizer is a '{kind}', supported are {TokenizerDescription.Bert} and {TokenizerDescription.Clip}"),
        };
    }
}
