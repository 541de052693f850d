namespace Flip.Evaluation.DataSets;

/// <summary>The figure that a data set is reported by.</summary>
public enum Metric
{
    /// <summary>Share of images whose first class is right.</summary>
    Top1,

    /// <summary>Share of images with the right class among the first five.</summary>
    Top5,

    /// <summary>Mean over the classes of the share of their images that is right.</summary>
    MeanPerClass,

    /// <summary>Mean of <see cref="Top1"/> and <see cref="Top5"/>.</summary>
    MeanTop1Top5,

    /// <summary>Mean over the classes of the 11-point interpolated average precision (Pascal VOC 2007).</summary>
    ElevenPointMap,

    /// <summary>Area under the receiver operating characteristic, of two classes.</summary>
    RocAuc,

    /// <summary>Share of queries with a right item among the first k, both ways.</summary>
    Recall,
}
