namespace Flip.Config;

/// <summary>Largest values of settings that ask for memory, threads or time: far beyond what is published, far below what takes a machine.</summary>
internal static class Limits
{
    /// <summary>Compute and decoding threads: the largest machines have some hundred processors.</summary>
    public const int Threads = 1024;

    /// <summary>Minutes between checkpoints: 70 days.</summary>
    public const int Minutes = 100_000;

    /// <summary>Batches decoded ahead.</summary>
    public const int PrefetchBatches = 64;

    /// <summary>Memory for pixels, MiB: 4 TiB.</summary>
    public const int BatchMemory = 1 << 22;

    /// <summary>Items encoded at a time.</summary>
    public const int EvaluationBatch = 1 << 16;

    /// <summary>Samples of a step: published trainings reach 160 thousand pairs, trials a million.</summary>
    public const int TrainingBatch = 1 << 20;

    /// <summary>Height and width of an image, pixels: published towers take up to 1024.</summary>
    public const int ImageSize = 8192;

    /// <summary>Height and width of a patch, pixels.</summary>
    public const int PatchSize = 1024;

    /// <summary>Patches of an image: published towers have up to 1,600 or so, here as many as 2048 / 16 squared.</summary>
    public const int Patches = 1 << 14;

    /// <summary>Width of a token: ViT-22B has 6,144.</summary>
    public const int Width = 1 << 15;

    /// <summary>Blocks of a tower: published ones have up to 64.</summary>
    public const int Depth = 1000;

    /// <summary>Attention heads.</summary>
    public const int Heads = 1024;

    /// <summary>Width of the MLP relative to a token's: published ones reach 8.6.</summary>
    public const double MlpRatio = 64;

    /// <summary>Tokens in a row: text towers of 8,192 are published.</summary>
    public const int TextLength = 1 << 14;

    /// <summary>Rows of a token table: the largest published vocabularies have one million.</summary>
    public const int Vocabulary = 4_000_000;

    /// <summary>Width of the reconstruction's decoder: MAE's has 512.</summary>
    public const int DecoderWidth = 4096;

    /// <summary>Blocks of the reconstruction's decoder: MAE's has 8.</summary>
    public const int DecoderDepth = 64;

    /// <summary>Parameters of both towers: EVA-CLIP-18B, the largest published CLIP, has 18 billion.</summary>
    public const long Parameters = 40_000_000_000;
}
