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
            (_, null) => throw new ConfigException(
                "data.vocabulary: CLIP's byte-pair encoding is not learnt here; give its vocabulary (bpe_simple_vocab_16e6.txt.gz, or a "
                + "folder with vocab.json and merges.txt)."),
            _ when OnlyTokenizerFile(path) is { } file => OfKind(data.Tokenizer, TokenizerFile.Load(file, data.WordPieceVariant), file),
            (TokenizerKind.WordPiece, _) => WordPieceTokenizer.Load(
                Directory.Exists(path) ? Path.Combine(path, WordPieceTokenizer.VocabularyFile) : path, data.WordPieceVariant),
            _ => ClipBpeTokenizer.Load(path),
        };
    }

    /// <summary>
    /// Reads what <see cref="ITokenizer.Save"/> wrote, or the tokenizer files of a Hugging Face model: <c>vocab.txt</c> (BERT, uncased),
    /// <c>vocab.json</c> with <c>merges.txt</c> (CLIP), and where these are missing <c>tokenizer.json</c>.
    /// </summary>
    /// <exception cref="VocabularyException">The folder has no tokenizer, or one of another kind.</exception>
    public static ITokenizer Load(string folder)
    {
        var description = TokenizerDescription.Load(folder);
        var file = Path.Combine(folder, TokenizerFile.FileName);
        var vocabulary = Path.Combine(folder, WordPieceTokenizer.VocabularyFile);
        var merges = Path.Combine(folder, BpeVocabulary.MergesFile);
        var kind = description?.TokenizerClass
            ?? (File.Exists(vocabulary) ? TokenizerDescription.Bert
                : File.Exists(merges) ? TokenizerDescription.Clip
                : File.Exists(file) ? TokenizerDescription.AnyFast
                : throw new VocabularyException(
                    folder, $"no tokenizer: {WordPieceTokenizer.VocabularyFile}, {BpeVocabulary.MergesFile} or {TokenizerFile.FileName} is expected in this folder"));

        // Hugging Face's fast variants have the same rules and files.
        return kind switch
        {
            TokenizerDescription.Bert or TokenizerDescription.Bert + "Fast" when description?.DoLowerCase == false =>
                throw new VocabularyException(folder, "a cased WordPiece tokenizer, and only uncased ones are supported"),
            TokenizerDescription.Bert or TokenizerDescription.Bert + "Fast" when File.Exists(vocabulary) || !File.Exists(file) =>
                WordPieceTokenizer.Load(vocabulary, description?.WordPieceVariant ?? WordPieceVariant.Bert),
            TokenizerDescription.Clip or TokenizerDescription.Clip + "Fast" when File.Exists(merges) || !File.Exists(file) =>
                ClipBpeTokenizer.Load(folder),

            // The class is a name; what the tokenizer does is in the file.
            _ when File.Exists(file) => TokenizerFile.Load(file, description?.WordPieceVariant ?? WordPieceVariant.Bert),
            _ => throw new VocabularyException(
                folder,
                $"the tokenizer is a '{kind}' without {TokenizerFile.FileName}, supported are {TokenizerDescription.Bert} and {TokenizerDescription.Clip}"),
        };
    }

    /// <summary>The <c>tokenizer.json</c> that a path names, or that a folder has without a vocabulary beside it.</summary>
    private static string? OnlyTokenizerFile(string path)
    {
        bool Has(string name) => File.Exists(Path.Combine(path, name));

        return Directory.Exists(path)
            ? Has(TokenizerFile.FileName) && !Has(WordPieceTokenizer.VocabularyFile) && !Has(BpeVocabulary.MergesFile)
                ? Path.Combine(path, TokenizerFile.FileName)
                : null
            : Path.GetFileName(path) == TokenizerFile.FileName ? path : null;
    }

    private static ITokenizer OfKind(TokenizerKind kind, ITokenizer tokenizer, string path) =>
        kind == TokenizerKind.WordPiece == tokenizer is WordPieceTokenizer
            ? tokenizer
            : throw new ConfigException(
                $"data.tokenizer: {path} holds {(tokenizer is WordPieceTokenizer ? "WordPiece" : "CLIP's byte-pair encoding")}; set it so, or give another vocabulary.");
}
