namespace Flip.Evaluation.Metrics;

/// <summary>What a data set is scored by; every value but CIDEr is a share between 0 and 1.</summary>
public enum Metric
{
    /// <summary>Share of images whose predicted class is right.</summary>
    Top1,

    /// <summary>Share of images with a right class among the first five.</summary>
    Top5,

    /// <summary>Mean of the classes' top-1.</summary>
    MeanPerClass,

    /// <summary>Mean of top-1 and top-5, as Kinetics is scored.</summary>
    MeanTop1Top5,

    /// <summary>Mean over the classes of the 11-point interpolated average precision of VOC2007.</summary>
    ElevenPointMap,

    /// <summary>Area under the ROC curve of two classes; the second is the positive one.</summary>
    RocAuc,

    /// <summary>R@1 of retrieval, mean of both ways.</summary>
    Recall,

    /// <summary>CIDEr-D of captions, from 0 to 10; tables show a hundred times of it, as papers do.</summary>
    CiderD,

    /// <summary>Mean over the questions of what an answer counts by the answers that people gave.</summary>
    VqaAccuracy,
}
