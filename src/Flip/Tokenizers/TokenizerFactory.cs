using Flip.Config;

namespace Flip.Tokenizers;

/// <summary>Finds, learns and reads tokenizers.</summary>
public static class TokenizerFactory
{
    /// <summary>The tokenizer that the settings ask for.</summary>
    /// <param name="data">Kind, variant, markers, cleaning, and the vocabulary's file or folder; without one a WordPiece vocabulary is learnt.</param>
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

        return With(data, (data.Tokenizer, path) switch
        {
            (TokenizerKind.WordPiece, null) => new WordPieceTokenizer(Learn(data, captions, cancellation), data.WordPieceVariant),
            (TokenizerKind.SentencePiece, null) => throw new ConfigException(
                $"data.vocabulary: SentencePiece models are not learnt here; give one ({string.Join(" or ", SentencePieceFile.Names)}, or a folder that has it)."),
            (_, null) => throw new ConfigException(
                "data.vocabulary: CLIP's byte-pair encoding is not learnt here; give its vocabulary (bpe_simple_vocab_16e6.txt.gz, or a "
                + "folder with vocab.json and merges.txt)."),
            _ when FolderOf(path) is { } folder => OfKind(data.Tokenizer, Load(folder, data.WordPieceVariant), path),
            (TokenizerKind.WordPiece, _) => WordPieceTokenizer.Load(path, data.WordPieceVariant),
            (TokenizerKind.SentencePiece, _) => SentencePieceTokenizer.Load(path),
            _ => ClipBpeTokenizer.Load(path),
        });
    }

    /// <summary>
    /// Reads what <see cref="ITokenizer.Save"/> wrote, or the tokenizer files of a Hugging Face model: <c>tokenizer.json</c>, as the
    /// library itself does, and where it is missing <c>vocab.txt</c> (BERT) or <c>vocab.json</c> with <c>merges.txt</c> (CLIP); with the added
    /// tokens that the files beside them name. A SentencePiece model (<c>spiece.model</c>, <c>tokenizer.model</c>) comes before all of them.
    /// </summary>
    /// <exception cref="VocabularyException">The folder has no tokenizer, or one of another kind.</exception>
    public static ITokenizer Load(string folder) => Load(folder, WordPieceVariant.Bert);

    /// <summary>A tokenizer with what the settings say of markers and cleaning; what they do not say stays.</summary>
    /// <exception cref="VocabularyException">The vocabulary lacks a marker that they ask for.</exception>
    public static ITokenizer With(DataConfig data, ITokenizer tokenizer) => tokenizer switch
    {
        WordPieceTokenizer wordPiece => wordPiece.With(data.WordPieceMarkers ?? wordPiece.Markers, data.TextCleaning ?? wordPiece.Cleaning),
        SentencePieceTokenizer pieces => pieces.With(data.TextCleaning ?? pieces.Cleaning),
        ClipBpeTokenizer clip => clip.With(data.ClipMarkers ?? clip.Markers, data.TextCleaning ?? clip.Cleaning),
        _ => tokenizer,
    };

    /// <summary>
    /// What Hugging Face's library makes of the tokenizer of a folder, as settings: its kind, and whether markers are put around a WordPiece text.
    /// A damaged file says nothing here; it is an error when the tokenizer is needed.
    /// </summary>
    /// <param name="data">The settings to change.</param>
    /// <param name="folder">The folder; without tokenizer files nothing changes.</param>
    public static DataConfig AsHuggingFace(DataConfig data, string folder)
    {
        try
        {
            return KindOf(folder) switch
            {
                TokenizerKind.WordPiece => data with
                {
                    Tokenizer = TokenizerKind.WordPiece,
                    WordPieceMarkers = WordPieceTokenizerFile.HasMarkers(folder, TokenizerDescription.Load(folder)) ? WordPieceMarkers.ClsSep : WordPieceMarkers.None,
                },
                TokenizerKind.ClipBpe => data with { Tokenizer = TokenizerKind.ClipBpe, ClipMarkers = ClipMarkers.HuggingFace },
                TokenizerKind.SentencePiece => data with { Tokenizer = TokenizerKind.SentencePiece, ClipMarkers = null, WordPieceMarkers = null },
                _ => data,
            };
        }
        catch (VocabularyException)
        {
            return data;
        }
    }

    private static TokenizerKind? KindOf(string folder)
    {
        bool Has(string name) => File.Exists(Path.Combine(folder, name));

        return SentencePieceFile.In(folder) is not null ? TokenizerKind.SentencePiece
            : Has(TokenizerFile.FileName) ? TokenizerFile.KindOf(Path.Combine(folder, TokenizerFile.FileName))
            : Has(WordPieceTokenizer.VocabularyFile) ? TokenizerKind.WordPiece
            : Has(BpeVocabulary.MergesFile) ? TokenizerKind.ClipBpe
            : null;
    }

    /// <param name="folder">The folder.</param>
    /// <param name="wanted">Text normalization of WordPiece, where the folder does not say that it is TensorFlow Text's.</param>
    private static ITokenizer Load(string folder, WordPieceVariant wanted)
    {
        var description = TokenizerDescription.Load(folder);
        var variant = description?.WordPieceVariant == WordPieceVariant.TfText ? WordPieceVariant.TfText : wanted;
        var file = Path.Combine(folder, TokenizerFile.FileName);
        var vocabulary = Path.Combine(folder, WordPieceTokenizer.VocabularyFile);
        var merges = Path.Combine(folder, BpeVocabulary.MergesFile);
        if (SentencePieceFile.In(folder) is { } pieces)
        {
            return SentencePieceTokenizer.Read(pieces, description);
        }

        if (File.Exists(file))
        {
            // The class is a name; what the tokenizer does is in the file.
            return TokenizerFile.Load(file, variant, description);
        }

        var kind = description?.TokenizerClass
            ?? (File.Exists(vocabulary) ? TokenizerDescription.Bert
                : File.Exists(merges) ? TokenizerDescription.Clip
                : throw new VocabularyException(
                    folder, $"no tokenizer: {string.Join(", ", SentencePieceFile.Names)}, {WordPieceTokenizer.VocabularyFile}, {BpeVocabulary.MergesFile} or {TokenizerFile.FileName} is expected in this folder"));

        // Hugging Face's fast variants have the same rules and files.
        return kind switch
        {
            TokenizerDescription.Bert or TokenizerDescription.Bert + "Fast" => WordPieceTokenizerFile.Read(vocabulary, variant, description),
            TokenizerDescription.Clip or TokenizerDescription.Clip + "Fast" => ClipTokenizerFile.Read(folder, description),
            TokenizerDescription.AnyFast when File.Exists(vocabulary) => WordPieceTokenizerFile.Read(vocabulary, variant, description),
            _ => throw new VocabularyException(
                folder,
                $"the tokenizer is a '{kind}' without {TokenizerFile.FileName}, supported are {TokenizerDescription.Bert} and {TokenizerDescription.Clip}"),
        };
    }

    /// <summary>The folder that a vocabulary is, or whose <c>tokenizer.json</c> it is; null for any other file.</summary>
    private static string? FolderOf(string path) => Directory.Exists(path) ? path
        : Path.GetFileName(path) == TokenizerFile.FileName ? Path.GetDirectoryName(Path.GetFullPath(path))
        : null;

    private static IReadOnlyList<string> Learn(DataConfig data, Func<IEnumerable<string>> captions, CancellationToken cancellation) => VocabularyLearner.Learn(
        captions().Select(caption => TextCleaner.Clean(caption, data.TextCleaning ?? TextCleaning.None)),
        data.LearnedVocabularySize,
        data.WordPieceVariant,
        cancellation);

    private static ITokenizer OfKind(TokenizerKind kind, ITokenizer tokenizer, string path) =>
        (kind, tokenizer) switch
        {
            (TokenizerKind.WordPiece, WordPieceTokenizer) or (TokenizerKind.ClipBpe, ClipBpeTokenizer) or (TokenizerKind.SentencePiece, SentencePieceTokenizer) => tokenizer,
            _ => throw new ConfigException(
                $"data.tokenizer: {path} holds {Name(tokenizer)}; set it so, or give another vocabulary."),
        };

    private static string Name(ITokenizer tokenizer) => tokenizer switch
    {
        WordPieceTokenizer => "WordPiece",
        SentencePieceTokenizer => "a SentencePiece model",
        _ => "CLIP's byte-pair encoding",
    };
}
