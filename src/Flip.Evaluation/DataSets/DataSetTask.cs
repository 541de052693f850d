namespace Flip.Evaluation.DataSets;

/// <summary>What is asked about the images of a data set.</summary>
public enum DataSetTask
{
    /// <summary>Which class an image is of.</summary>
    Classification,

    /// <summary>Which classes an image shows, one or more or none.</summary>
    MultiLabel,

    /// <summary>Which captions belong to which images.</summary>
    Retrieval,
}
