namespace Flip.Evaluation.Captioning;

/// <summary>What captions are scored by, as coco-caption computes it.</summary>
public enum CaptionMetric
{
    /// <summary>BLEU of single words.</summary>
    Bleu1,

    /// <summary>BLEU of words and pairs.</summary>
    Bleu2,

    /// <summary>BLEU of up to three words in a row.</summary>
    Bleu3,

    /// <summary>BLEU of up to four words in a row: what papers call BLEU.</summary>
    Bleu4,

    /// <summary>ROUGE-L: the longest common subsequence.</summary>
    RougeL,

    /// <summary>CIDEr-D, with clipped counts and a penalty for length: what papers call CIDEr.</summary>
    CiderD,

    /// <summary>CIDEr as it was first defined, unclipped and without a penalty.</summary>
    Cider,
}
