namespace Flip.Config;

/// <summary>Rules by which text becomes tokens.</summary>
public enum TokenizerKind
{
    /// <summary>BERT uncased WordPiece, no markers (FLIP).</summary>
    WordPiece,

    /// <summary>CLIP's byte-pair encoding with its two markers.</summary>
    ClipBpe,

    /// <summary>A SentencePiece model: Unigram (SigLIP) or byte-pair encoding with bytes for unknown letters (SigLIP 2), with a mark of the end.</summary>
    SentencePiece,
}

/// <summary>Text normalisation before WordPiece, where the two reference implementations differ.</summary>
public enum WordPieceVariant
{
    /// <summary>google-research/bert.</summary>
    Bert,

    /// <summary>TensorFlow Text's BertTokenizer, which official FLIP used.</summary>
    TfText,
}

/// <summary>Markers around a text in WordPiece's rows.</summary>
public enum WordPieceMarkers
{
    /// <summary>None (FLIP). A "[CLS]" in a text is text.</summary>
    None,

    /// <summary>[CLS] before the text; the place of [SEP] behind it holds 0 (open_clip's <c>strip_sep_token</c>, CLIPA).</summary>
    Cls,

    /// <summary>[CLS] before the text and [SEP] behind it (BERT).</summary>
    ClsSep,
}

/// <summary>How the markers of CLIP's byte-pair encoding are found where a text holds them.</summary>
public enum ClipMarkers
{
    /// <summary><c>&lt;|startoftext|&gt;</c> and <c>&lt;|endoftext|&gt;</c>, where CLIP's pattern for words finds them: not directly behind other punctuation.</summary>
    OpenAi,

    /// <summary><c>&lt;start_of_text&gt;</c> and <c>&lt;end_of_text&gt;</c>, found likewise (open_clip's own tokenizer).</summary>
    OpenClip,

    /// <summary>As added tokens, which the tokenizer's files list: anywhere.</summary>
    HuggingFace,
}

/// <summary>What is done to a text before the tokenizer's own rules; the names are open_clip's.</summary>
public enum TextCleaning
{
    /// <summary>Nothing: BERT's rules alone; for CLIP's encoding the steps of Hugging Face's file (NFC, lower case).</summary>
    None,

    /// <summary>ftfy's repairs, HTML's character references, single blanks.</summary>
    Whitespace,

    /// <summary>The same, and lower case (OpenAI, open_clip's own tokenizer).</summary>
    Lower,

    /// <summary>The same without ASCII punctuation; an underscore becomes a blank (SigLIP).</summary>
    Canonicalize,
}

/// <summary>Image-text pairs.</summary>
public sealed record DataConfig
{
    [Setting(SettingOwner.User, "Training shards: a folder, glob or brace pattern such as data/train-{0000..0041}.tar, or addresses (https://, s3://) with braces; several with commas.")]
    public string? Train { get; init; }

    [Setting(SettingOwner.Recipe, "Several sources instead of data.train, with weights: WEIGHT=SHARDS each, such as 3=laion/*.tar and 1=cc3m/*.tar, or xPASSES=SHARDS, by how often each sample comes in an epoch.")]
    public TextList Mixture { get; init; } = [];

    [Setting(SettingOwner.Recipe, "Weights of the mixture's sources that begin later in the training: FROM: WEIGHTS each, such as \"40%: 1, 3\".")]
    public TextList Curriculum { get; init; } = [];

    [Setting(SettingOwner.Recipe, "Places that captions of shards are drawn from, with weights: FIELD=WEIGHT each, txt for the .txt, else a field of the .json, such as txt=0.3 and synthetic=0.7; none for all captions alike.")]
    public TextList Captions { get; init; } = [];

    [Setting(SettingOwner.User, "Index file of the training shards (flip data index); null looks for index.flip beside them.")]
    public string? Index { get; init; }

    [Setting(SettingOwner.User, "Folder in which shards of the network are kept, which several trainings may share; null takes one in the user's own.")]
    public string? Cache { get; init; }

    [Setting(SettingOwner.User, "Space that shards of the network may take in the cache, GiB; 0 keeps none and asks for each sample.", Min = 0, Max = 1_000_000)]
    public double CacheSize { get; init; } = 100;

    [Setting(SettingOwner.User, "Address of the S3-compatible store of s3:// shards; null takes AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL, else Amazon's.")]
    public string? S3Endpoint { get; init; }

    [Setting(SettingOwner.User, "Whether s3:// shards are read without keys, as those of public buckets.")]
    public bool S3Anonymous { get; init; }

    [Setting(SettingOwner.Model, "Tokenizer: wordPiece (FLIP), clipBpe or sentencePiece (SigLIP).")]
    public TokenizerKind Tokenizer { get; init; } = TokenizerKind.WordPiece;

    [Setting(SettingOwner.Model, "WordPiece normalisation: bert or tfText (official FLIP).")]
    public WordPieceVariant WordPieceVariant { get; init; } = WordPieceVariant.Bert;

    [Setting(SettingOwner.Model, "Markers around a WordPiece text: none (FLIP), cls (CLIPA) or clsSep (BERT); null takes what the tokenizer's files say, else none.")]
    public WordPieceMarkers? WordPieceMarkers { get; init; }

    [Setting(SettingOwner.Model, "How CLIP's markers are found in a text: openAi, openClip or huggingFace; null takes what the tokenizer's files say, else openAi.")]
    public ClipMarkers? ClipMarkers { get; init; }

    [Setting(SettingOwner.Model, "Cleaning before the tokenizer's own rules: none, whitespace, lower or canonicalize; null takes what the tokenizer's files say, else none for wordPiece and sentencePiece, and lower for clipBpe.")]
    public TextCleaning? TextCleaning { get; init; }

    [Setting(SettingOwner.User, "Vocabulary file or folder; null learns one from the training captions.")]
    public string? Vocabulary { get; init; }

    [Setting(SettingOwner.Recipe, "Entries of a learnt vocabulary.", Min = 300, Max = 1_000_000)]
    public int LearnedVocabularySize { get; init; } = 8192;

    [Setting(SettingOwner.User, "Class names (JSON list, or object with 'classes' or 'names') of samples that have a .cls file instead of a caption, in training and in evaluation.")]
    public string? ClassNames { get; init; }

    [Setting(SettingOwner.Recipe, "Templates that turn class names into captions: flip7, clip80, or a file with one template a line, {c} for the name.", Names = ["flip7", "clip80"])]
    public string ClassTemplates { get; init; } = "clip80";

    [Setting(SettingOwner.Recipe, "Smallest share of an image's area that a training crop takes.", Min = 0, Max = 1, AboveMin = true)]
    public double CropMinArea { get; init; } = 0.5;

    [Setting(SettingOwner.Recipe, "Probability of a horizontal flip.", Min = 0, Max = 1)]
    public double FlipProbability { get; init; } = 0.5;

    [Setting(SettingOwner.Recipe, "Largest change of brightness, contrast and saturation by chance, as a share; hue turns by up to a quarter of it. 0 for none (the paper).", Min = 0, Max = 1)]
    public double ColorJitter { get; init; }

    [Setting(SettingOwner.Recipe, "Probability of the colour jitter, where data.colorJitter is above 0.", Min = 0, Max = 1)]
    public double ColorJitterProbability { get; init; } = 0.8;

    [Setting(SettingOwner.Recipe, "Probability that an image loses its colour; 0 for never (the paper).", Min = 0, Max = 1)]
    public double Grayscale { get; init; }

    [Setting(SettingOwner.Recipe, "Probability that a random rectangle of an image becomes noise; 0 for never (the paper).", Min = 0, Max = 1)]
    public double Erasing { get; init; }

    [Setting(SettingOwner.Recipe, "Probability that a pair is mixed with another one: the mean of both images with both captions, one behind the other (MixGen); 0 for never (the paper).", Min = 0, Max = 1)]
    public double Mixup { get; init; }

    [Setting(SettingOwner.Recipe, "Whether training decodes a JPEG at half (a quarter, an eighth) of its size where the crop is 2.5 (6, 16) times the model's image size: much faster; photos differ by a mean of 0.5 to 1.5 of 255 levels. Evaluation never does.")]
    public bool ReducedDecoding { get; init; } = true;

    [Setting(SettingOwner.Recipe, "Shards whose samples are shuffled together; 0 shuffles all of them together.", Min = 0, Max = 1_000_000)]
    public int ShuffleShards { get; init; } = 64;

    [Setting(SettingOwner.User, "Decoding threads; 0 takes the processor count.", Min = 0, Max = Limits.Threads)]
    public int Workers { get; init; }

    [Setting(SettingOwner.User, "Samples decoded ahead of the training step, in batches.", Min = 1, Max = Limits.PrefetchBatches)]
    public int PrefetchBatches { get; init; } = 2;

    [Setting(SettingOwner.User, "Memory for pixels of whole batches, those decoded ahead included, MiB; for a GPU at least a quarter of the machine's. A batch beyond it that has micro-batches is decoded part by part, twice a step.", Min = 0, Max = Limits.BatchMemory)]
    public int BatchMemory { get; init; } = 2048;

    [Setting(SettingOwner.User, "Share of unreadable samples above which the run stops.", Min = 0, Max = 1)]
    public double MaxBadShare { get; init; } = 0.1;
}
